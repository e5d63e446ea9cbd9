/**
 * The main thread of a child process: it starts the thread in which a definition is loaded and run, and stays free
 * itself. So it notices that the server has gone, or that it is asked to end, whatever the definition does.
 *
 * It reads requests from its standard input. The end of that is the end of the server: the run is stopped then, so
 * that nothing runs which nothing watches.
 *
 * @module
 */
import { writeWhole } from "../../../internal/terminal.ts";
import { workerEntry } from "../../../internal/worker_entry.ts";
import type {
  ChildReply,
  ChildStart,
  DescribeRequest,
  RunRequest,
  StopRequest,
  ThreadRequest,
} from "../protocol.ts";
import { linesOf } from "./lines.ts";

const WORKER = workerEntry(new URL("./worker.ts", import.meta.url), () => import("./worker.ts"));

/** Threads that load definitions at once. */
const LOADING = 2;

/** What stops a child beside its server. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** What a thread of a definition posts. */
type ThreadReply = ChildReply | { kind: "exits"; code: number };

/** Serves one request. Returns the exit code. */
export async function runChild(): Promise<number> {
  const lines = linesOf(Deno.stdin.readable);
  const { value: first } = await lines.next();
  if (first === undefined) return 1;
  const { secret, graceMs, request } = JSON.parse(first) as ChildStart;
  const reply = (reply: ChildReply) => {
    writeWhole(Deno.stdout, `\n\0${secret}${JSON.stringify(reply)}\n`);
  };
  if (request.kind === "describe") {
    // A server that has gone wants to know nothing more.
    void (async () => {
      for await (const _ of lines);
      Deno.exit(1);
    })();
    return await describeAll(request, reply);
  }
  return await run(request, { reply, lines, graceMs });
}

async function describeAll(
  { files, limitMs }: DescribeRequest,
  reply: (reply: ChildReply) => void,
): Promise<number> {
  const waiting = [...files];
  await Promise.all(Array.from({ length: LOADING }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      reply(await describe(file, limitMs));
    }
  }));
  return 0;
}

async function describe(file: string, limitMs: number): Promise<ChildReply> {
  const described = Promise.withResolvers<ChildReply>();
  const fail = (problem: string) => described.resolve({ kind: "described", file, problem });
  const timer = setTimeout(
    () => fail(`Cannot load ${file}: it has not loaded within ${limitMs / 1_000} s`),
    limitMs,
  );
  const thread = startThread({ kind: "describe", file }, (reply) => {
    if (reply.kind === "described") described.resolve(reply);
    else if (reply.kind === "exits") fail(`Cannot load ${file}: it ends its process`);
    else if (reply.kind === "failed") fail(`Cannot load ${file}: ${reply.message}`);
  });
  try {
    return await described.promise;
  } finally {
    clearTimeout(timer);
    thread.terminate();
  }
}

async function run(
  request: RunRequest,
  { reply, lines, graceMs }: {
    reply: (reply: ChildReply) => void;
    lines: AsyncGenerator<string>;
    graceMs: number;
  },
): Promise<number> {
  const over = Promise.withResolvers<number>();
  const thread = startThread(request, (news) => {
    if (news.kind === "exits") return over.resolve(news.code);
    reply(news);
    if (news.kind === "ended") over.resolve(news.status === "done" ? 0 : 1);
    if (news.kind === "failed" || news.kind === "refused") over.resolve(1);
  });
  let limit: ReturnType<typeof setTimeout> | undefined;
  const stop = (stop: StopRequest) => {
    thread.postMessage(stop satisfies ThreadRequest);
    clearTimeout(limit);
    limit = setTimeout(() => over.resolve(1), stop.graceMs);
  };
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      if (limit === undefined) stop({ kind: "stop", reason: `Stopped by ${signal}`, graceMs });
    });
  }
  void (async () => {
    for await (const line of lines) stop(JSON.parse(line) as StopRequest);
    stop({ kind: "stop", reason: "Stopped because its server has gone", graceMs });
  })();
  return await over.promise;
}

function startThread(request: ThreadRequest, onReply: (reply: ThreadReply) => void): Worker {
  const thread = new Worker(WORKER, { type: "module", name: "pipeloom run" });
  thread.onmessage = ({ data }: MessageEvent<ThreadReply | { kind: "listening" }>) => {
    if (data.kind === "listening") thread.postMessage(request);
    else onReply(data);
  };
  thread.onerror = (event) => {
    event.preventDefault();
    onReply({ kind: "failed", message: event.message });
  };
  return thread;
}
