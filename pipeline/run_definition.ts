/**
 * Runs a definition from a program, as the command line and a schedule do.
 *
 * @module
 */
import { checkOptions, type KindsOf, unexpected } from "../internal/validate.ts";
import { SqliteWriter } from "../writer/client/sqlite_writer.ts";
import { DEFAULT_DB, prepareRun } from "./define_pipeline.ts";
import type { PipelineDefinition, PipelineOptions } from "./pipeline_options.ts";
import { WRITER_OPTIONS } from "./writer_options.ts";
import type { PipelineReport } from "./report.ts";
import { runPipeline } from "./run_pipeline.ts";

/**
 * Options of {@linkcode runDefinition}: what goes before the definition's own.
 *
 * @example One day, again
 * ```ts ignore
 * import type { RunDefinitionOptions } from "@pipeloom/pipeloom";
 *
 * const options: RunDefinitionOptions = { args: { day: "2026-01-02" }, resume: true };
 * ```
 */
export interface RunDefinitionOptions extends
  Pick<
    PipelineOptions<never>,
    "driver" | "handleSignals" | "overlap" | "progress" | "resume" | "signal" | "workers"
  > {
  /**
   * The arguments of the run, as `--arg` gives them.
   *
   * @default {{}}
   */
  args?: object | undefined;
  /**
   * The database, or a writer that is open: the schema of the definition is run through it, and its options for opening
   * the database are ignored.
   *
   * @default {that of the definition, else "pipeloom.db"}
   */
  db?: string | URL | SqliteWriter | undefined;
}

const KINDS: KindsOf<RunDefinitionOptions> = {
  args: "own check",
  db: "own check",
  driver: "own check",
  handleSignals: "boolean",
  overlap: "own check",
  progress: "own check",
  resume: "own check",
  signal: "signal",
  workers: "own check",
};

/**
 * Runs a definition once, with arguments, as `pipeloom run` does: its validator checks them, and its items, label and schema
 * are those for them. It stops with its own `signal` and with the one that is passed.
 *
 * @returns The report, as of `runPipeline`
 * @throws {ArgumentsError} If an argument is refused, or none reads it
 * @throws {TypeError} If an option is of the wrong kind, or has a name that none has
 * @throws {Error} What `runPipeline` rejects with
 *
 * @example One definition for several days
 * ```ts
 * import { definePipeline, runDefinition, SqliteWriter } from "@pipeloom/pipeloom";
 *
 * const daily = definePipeline({
 *   name: "daily",
 *   args: { day: "2026-01-01" },
 *   schema: "CREATE TABLE IF NOT EXISTS visit (day TEXT, page TEXT)",
 *   items: ["home", "about"],
 *   run: (page, task) => task.insert("visit", [{ day: String(task.args.day), page }]),
 * });
 *
 * await using writer = await SqliteWriter.open({ db: ":memory:" });
 * for (const day of ["2026-01-01", "2026-01-02"]) {
 *   const report = await runDefinition(daily, { args: { day }, db: writer });
 *   console.log(report.label, report.status); // day=2026-01-01 done, …
 * }
 * ```
 */
export async function runDefinition<Item>(
  definition: PipelineDefinition<Item>,
  options: RunDefinitionOptions = {},
): Promise<PipelineReport> {
  const operation = "run the definition";
  checkOptions(options, { operation, kinds: KINDS });
  const { items, run } = Object(definition) as Partial<PipelineDefinition<Item>>;
  if (items === undefined || run === undefined) {
    const expected = "what definePipeline returns";
    throw new TypeError(unexpected(definition, { operation, name: "the definition", expected }));
  }
  const { args = {}, signal, db = definition.db ?? DEFAULT_DB, ...rest } = options;
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    const expected = 'an object such as { day: "2026-01-02" }';
    throw new TypeError(unexpected(args, { operation, name: "args", expected }));
  }
  const prepared = await prepareRun(definition, args);
  const { settings } = prepared;
  if (db instanceof SqliteWriter) {
    for (const option of WRITER_OPTIONS) if (option !== "schema") delete settings[option];
  }
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  const signals = [signal, definition.signal].filter((one) => one !== undefined);
  return await runPipeline(prepared.items, {
    ...settings,
    ...Object.fromEntries(given),
    db,
    ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
  });
}
