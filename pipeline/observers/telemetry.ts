/**
 * One span for a run and one for each task, and metrics, through OpenTelemetry; loaded where a provider is.
 *
 * Tasks on this thread run within their span, so that what they fetch shows as part of it. A span does not
 * reach into the pool's Workers: there it only records how long the task took and how it ended.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  context,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { type ErrorData, fromErrorData, toErrorData } from "../../errors.ts";
import { toErrorSummary } from "../../internal/error_text.ts";
import type { WriterStats } from "../../writer/protocol/sender_port.ts";
import type { PipelineReport } from "../report.ts";
import type { ObservedRun, RunFacts, RunObserver } from "./run_observer.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

/** Milliseconds between two questions to the writer: metrics are exported far more seldom. */
const SAMPLE_MS = 1_000;

const tracer = trace.getTracer("pipeloom");
const meter = metrics.getMeter("pipeloom");
const tasksEnded = meter.createCounter("pipeloom.tasks", { description: "Tasks ended, by status" });
const rowsWritten = meter.createCounter("pipeloom.rows", { description: "Rows inserted" });
const tasksRunning = meter.createGauge("pipeloom.tasks.running", {
  description: "Tasks that run",
});
const workersConnected = meter.createGauge("pipeloom.workers.connected", {
  description: "Workers on other machines that are connected",
});
const queueDepth = meter.createGauge("pipeloom.writer.queue_depth", {
  description: "Messages that have arrived at the writer and are not committed",
});
const commitTime = meter.createGauge("pipeloom.writer.commit_time", {
  description: "Time of a transaction, over the last 256, by quantile",
  unit: "ms",
});

/** A task between its first start and its end. */
interface Traced {
  span: Span;
  /** Number of its last attempt, from 1. */
  attempt: number;
}

/** Reports one run. */
export class Telemetry implements RunObserver {
  readonly #attributes: Attributes;
  readonly #span: Span;
  readonly #context: Context;
  readonly #tasks = new Map<number, Traced>();
  #view: ObservedRun | undefined;
  #stats: (() => Promise<WriterStats>) | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Rows that the writer had written before; `undefined` as long as nothing is known. */
  #rows: number | undefined;

  constructor(name: string) {
    this.#attributes = { "pipeloom.run.name": name };
    this.#span = tracer.startSpan(`pipeline ${name}`, { attributes: this.#attributes });
    this.#context = trace.setSpan(context.active(), this.#span);
  }

  begin(view: ObservedRun, { runId, workers, driver, sqliteVersion, stats }: RunFacts): void {
    this.#view = view;
    this.#stats = stats;
    if (runId !== null) this.#span.setAttribute("pipeloom.run.id", runId);
    this.#span.setAttributes({
      "pipeloom.workers": workers,
      "pipeloom.driver": driver,
      "pipeloom.sqlite.version": sqliteVersion,
    });
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  within<T>(task: TaskIdentity, work: () => T): T {
    let traced = this.#tasks.get(task.id);
    // One that is run again stays in its span.
    if (!traced) this.#tasks.set(task.id, traced = { span: this.#begin(task), attempt: 0 });
    traced.span.setAttribute("pipeloom.task.attempt", ++traced.attempt);
    return context.with(trace.setSpan(this.#context, traced.span), work);
  }

  trace(): string | undefined {
    const span = trace.getSpanContext(context.active());
    if (!span) return undefined;
    const flags = span.traceFlags.toString(16).padStart(2, "0");
    return `00-${span.traceId}-${span.spanId}-${flags}`;
  }

  ended({ id }: TaskIdentity, { status, error }: TaskOutcome): void {
    tasksEnded.add(1, { ...this.#attributes, status });
    const span = this.#tasks.get(id)?.span;
    this.#tasks.delete(id);
    if (span) end(span, "pipeloom.task.status", status, error);
  }

  async finishing(): Promise<void> {
    await this.#sample();
  }

  end(report: PipelineReport | undefined, error: unknown): void {
    clearInterval(this.#timer);
    if (report) {
      const { done, error: failed, cancelled } = report.counts;
      this.#span.setAttributes({
        "pipeloom.tasks.done": done,
        "pipeloom.tasks.error": failed,
        "pipeloom.tasks.cancelled": cancelled,
      });
    }
    for (const { span } of this.#tasks.values()) span.end();
    const why = report ? undefined : toErrorData(error);
    end(this.#span, "pipeloom.run.status", report?.status ?? "error", why);
  }

  #begin({ id, name, key }: TaskIdentity): Span {
    const attributes: Attributes = {
      ...this.#attributes,
      "pipeloom.task.id": id,
      "pipeloom.task.name": name,
    };
    if (key !== null) attributes["pipeloom.task.key"] = key;
    return tracer.startSpan("task", { attributes }, this.#context);
  }

  async #sample(): Promise<void> {
    if (!this.#stats || !this.#view) return;
    // A writer that was closed meanwhile has nothing more to report.
    const stats = await this.#stats().catch(() => undefined);
    if (!stats) return;
    const attributes = this.#attributes;
    if (this.#rows !== undefined) rowsWritten.add(stats.rows - this.#rows, attributes);
    this.#rows = stats.rows;
    tasksRunning.record([...this.#view.running()].length, attributes);
    const workers = this.#view.workers?.();
    if (workers !== undefined) workersConnected.record(workers, attributes);
    queueDepth.record(stats.queueDepth, attributes);
    commitTime.record(stats.commitMs.p50, { ...attributes, quantile: "0.5" });
    commitTime.record(stats.commitMs.p99, { ...attributes, quantile: "0.99" });
  }
}

function end(span: Span, attribute: string, status: string, error: ErrorData | undefined): void {
  span.setAttribute(attribute, status);
  if (status === "error") {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(error && { message: toErrorSummary(error) }),
    });
    if (error) span.recordException(fromErrorData(error));
  }
  span.end();
}
