/**
 * The thread in which a child process loads a definition, and runs it. No module imports this file; `main.ts` starts it
 * by its URL.
 *
 * @module
 */
import { ArgumentsError, OverlapError } from "../../../errors.ts";
import { summarizeError } from "../../../internal/error_text.ts";
import { DEFAULT_DB, prepareRun } from "../../../pipeline/define_pipeline.ts";
import { startPipeline } from "../../../pipeline/run_pipeline.ts";
import type { PipelineDefinition } from "../../../pipeline/pipeline_options.ts";
import {
  isValidator,
  resolveArguments,
  toStoredArguments,
} from "../../../pipeline/run_arguments.ts";
import { databasePath } from "../../../sqlite/database_file.ts";
import { loadDefinition } from "../../load_definition.ts";
import { messageOf } from "../../terminal/failure.ts";
import type { ChildReply, Refusal, RunRequest, ThreadRequest } from "../protocol.ts";
import { checkDeclared, describeArguments } from "./describe_arguments.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ThreadRequest>) => void;
  close(): void;
  postMessage(reply: ChildReply | { kind: "exits"; code: number } | { kind: "listening" }): void;
};
// A definition may put something else there.
const reply = thread.postMessage.bind(thread);
const exit = Deno.exit;

const stop = new AbortController();

// Both would end this thread alone, and the other one would wait for it.
Deno.exit = (code = 0) => {
  reply({ kind: "exits", code });
  return exit(code);
};
thread.close = () => Deno.exit(0);

async function describe(file: string): Promise<void> {
  try {
    const { definition, name } = await loadDefinition(file, "serve");
    reply({
      kind: "described",
      file,
      description: {
        name: definition.name ?? name,
        db: await databasePath(definition.db ?? DEFAULT_DB),
        schedule: definition.schedule ?? null,
        overlap: definition.overlap ?? null,
        form: describeArguments(definition),
      },
    });
  } catch (error) {
    reply({ kind: "described", file, problem: messageOf(error) });
  }
}

async function run({ file, args, db, overlap, resume, tasks }: RunRequest): Promise<void> {
  let begun: number | null | undefined;
  try {
    const { definition, name } = await loadDefinition(file, "serve");
    if (resume === undefined) checkDeclared(definition.args, args);
    const named = {
      name,
      ...definition,
      ...(resume === undefined ? {} : await kept(definition, args)),
    };
    const { items, settings } = await prepareRun(named, args);
    const signals = [stop.signal, definition.signal].filter((signal) => signal !== undefined);
    const pipeline = startPipeline(items, {
      ...settings,
      db,
      overlap: definition.overlap ?? overlap,
      handleSignals: false,
      signal: AbortSignal.any(signals),
      ...(resume === undefined ? {} : { resume: tasks ? { run: resume, tasks } : resume }),
    });
    pipeline.started.then((run) => reply({ kind: "begun", run: begun = run }), () => {});
    const { runId, status } = await pipeline.finished;
    reply({ kind: "ended", run: runId, status });
  } catch (error) {
    if (begun === undefined) reply(toRefusal(error));
    else reply({ kind: "ended", run: begun, status: "error", reason: summarizeError(error) });
  }
}

/**
 * The declaration of arguments for a run that is continued. It has what a validator once made of its arguments; where the
 * validator would not make the same of that again, it is not asked.
 */
async function kept(
  { args: declared }: PipelineDefinition<unknown>,
  args: object,
): Promise<Pick<PipelineDefinition<unknown>, "args">> {
  if (!isValidator(declared)) return { args: args as Record<string, unknown> };
  const isSame = await resolveArguments(declared, args).then(
    (now) => toStoredArguments(now) === toStoredArguments(args),
    () => false,
  );
  return { args: isSame ? declared : args as Record<string, unknown> };
}

function toRefusal(error: unknown): Refusal {
  const refusal: Refusal = { kind: "refused", message: messageOf(error) };
  if (error instanceof OverlapError) refusal.overlaps = true;
  const { fields } = Object(error instanceof ArgumentsError && error.cause);
  if (fields) refusal.fields = fields;
  return refusal;
}

thread.onmessage = ({ data }) => {
  switch (data.kind) {
    case "describe":
      return void describe(data.file);
    case "run":
      return void run(data);
    case "stop":
      return stop.abort(new DOMException(data.reason, "AbortError"));
  }
};
reply({ kind: "listening" });
