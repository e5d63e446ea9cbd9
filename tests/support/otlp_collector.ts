/**
 * A receiver of OpenTelemetry's data, and programs that send it there.
 *
 * @module
 */
import { runChild } from "./child.ts";

interface Value {
  stringValue?: string;
  intValue?: string | number;
  doubleValue?: number;
}

interface Attribute {
  key: string;
  value: Value;
}

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code?: number; message?: string };
  attributes: Attribute[];
  events?: { name: string; attributes: Attribute[] }[];
}

interface Point {
  attributes: Attribute[];
  asInt?: string | number;
  asDouble?: number;
}

interface Metric {
  name: string;
  sum?: { dataPoints: Point[] };
  gauge?: { dataPoints: Point[] };
}

/** What comes as OTLP over HTTP with JSON; an array of the scope's entries each. */
interface Export {
  resourceSpans?: { scopeSpans: { scope: { name: string }; spans: Span[] }[] }[];
  resourceMetrics?: { scopeMetrics: { scope: { name: string }; metrics: Metric[] }[] }[];
}

/** A receiver of OTLP that keeps what it gets. */
export class Collector implements AsyncDisposable {
  readonly spans: Span[] = [];
  readonly metrics: Metric[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        if (request.headers.get("content-type") === "application/json") {
          this.#keep(await request.json());
        } else await request.body?.cancel();
        return Response.json({});
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The value of a metric's last point with these attributes. */
  last(metric: string, attributes: Record<string, unknown> = {}): number | undefined {
    const points = this.metrics.filter(({ name }) => name === metric)
      .flatMap(({ sum, gauge }) => (sum ?? gauge)!.dataPoints)
      .filter((point) => {
        const has = attributesOf(point.attributes);
        return Object.entries(attributes).every(([key, value]) => has[key] === value);
      });
    const point = points.at(-1);
    return point && Number(point.asInt ?? point.asDouble);
  }

  #keep({ resourceSpans = [], resourceMetrics = [] }: Export): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) this.spans.push(...spans);
    }
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { metrics } of scopeMetrics) this.metrics.push(...metrics);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

/** Attributes by name. */
export function attributesOf(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [
    key,
    value.stringValue ?? value.doubleValue ?? Number(value.intValue),
  ]));
}

/** Runs a program whose telemetry goes to a collector; its value is printed as JSON. */
export async function runTraced(
  collector: Collector,
  script: string,
  flags: string[] = [],
): Promise<unknown> {
  return await runChild(script, {
    flags: ["--allow-read=.", `--allow-net=${new URL(collector.url).host}`, ...flags],
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: "load",
    },
  });
}
