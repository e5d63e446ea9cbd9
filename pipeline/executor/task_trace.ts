/**
 * The span of a task on another machine, inside the span that the run's process has of it; loaded where a trace comes
 * with a task and OpenTelemetry has a provider.
 *
 * @module
 */
import { context, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import type { TaskIdentity } from "./task_context.ts";

const tracer = trace.getTracer("pipeloom");

/** Runs a task within a span, so that what it fetches shows as part of the run's trace. */
export async function runTraced<T>(
  traceparent: string,
  { id, name }: TaskIdentity,
  work: () => Promise<T>,
): Promise<T> {
  const parent = trace.setSpanContext(ROOT_CONTEXT, parse(traceparent));
  const attributes = { "pipeloom.task.id": id, "pipeloom.task.name": name };
  const span = tracer.startSpan("task on a worker", { attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } finally {
    span.end();
  }
}

/** The form of W3C's Trace Context: version, trace, span and flags. */
function parse(traceparent: string): SpanContext {
  const [, traceId = "", spanId = "", flags = "0"] = traceparent.split("-");
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
