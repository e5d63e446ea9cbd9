/**
 * The options of a pipeline that belong to its writer.
 *
 * @module
 */
import { SqliteWriter, type WriterOptions } from "../writer/client/sqlite_writer.ts";
import type { PipelineOptions } from "./pipeline_options.ts";

/** Options with which a writer is opened: a writer that is open cannot take them. */
export const WRITER_OPTIONS = [
  "schema",
  "statements",
  "wal",
  "synchronous",
  "driver",
  "busyTimeoutMs",
  "doubleQuotedLiterals",
  "walWarnBytes",
] as const;

/** Refuses options of the writer where the writer is open. */
export function checkWriter<Item>({ db, ...options }: PipelineOptions<Item>): void {
  if (!(db instanceof SqliteWriter)) return;
  for (const option of WRITER_OPTIONS) {
    if (option !== "schema" && options[option] !== undefined) {
      throw new TypeError(
        `Cannot run the pipeline: option ${option} belongs to the writer, which is open. ` +
          `Pass it to SqliteWriter.open`,
      );
    }
  }
}

/** What the writer of a pipeline is opened with. */
export function writerOptionsOf<Item>(options: PipelineOptions<Item>): WriterOptions {
  const names = ["db", "storeTaskStatus", ...WRITER_OPTIONS] as const;
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as unknown as WriterOptions;
}
