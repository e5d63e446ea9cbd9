/**
 * Runs for the command line to show: one whose tasks are moved by hand, and names that mean harm.
 *
 * @module
 */
import { clientOf } from "../../writer/client/sqlite_writer.ts";
import { isoNow } from "../../internal/timestamps.ts";
import { SqliteWriter } from "../../mod.ts";
import type { RunStarted } from "../../writer/protocol/run_message.ts";
import type { TaskUpdateMessage } from "../../writer/protocol/task_message.ts";
import { tempFolder } from "../support/temp.ts";

/** Names that move the cursor, colour, forge lines, set titles, or turn a text round. */
export const HOSTILE_NAMES = [
  "\x1b[2J\x1b[Hcleared",
  "\x1b]0;title\x07titled",
  "line\nforged ✔ done",
  "\u202egnp.exe",
  "\x9b31mred",
  "back\b\b\b\bspace",
  "nul\0byte",
];

/** What no output may hold: controls but for line ends, and bidi controls. */
// deno-lint-ignore no-control-regex
export const HARMFUL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A database with a run whose tasks the test controls. */
export class HandRun implements AsyncDisposable {
  readonly folder: ReturnType<typeof tempFolder>;
  readonly db: string;
  readonly writer: SqliteWriter;
  readonly run: number;
  readonly #first: number;

  private constructor(
    folder: ReturnType<typeof tempFolder>,
    db: string,
    { writer, started }: { writer: SqliteWriter; started: RunStarted },
  ) {
    this.folder = folder;
    this.db = db;
    this.writer = writer;
    this.run = started.run;
    this.#first = started.firstId;
  }

  /** Queues tasks of these names, in a file of its own. */
  static async start(
    names: readonly string[],
    { run = "by hand", folder = tempFolder() } = {},
  ): Promise<HandRun> {
    const db = folder.file("hand.db");
    const writer = await SqliteWriter.open({ db });
    const started = await clientOf(writer).request({
      kind: "start_run",
      name: run,
      workers: 2,
      startedAt: isoNow(),
      reserve: names.length,
      expected: names.length,
    }) as RunStarted;
    await clientOf(writer).request({
      kind: "queue_tasks",
      run: started.run,
      ids: names.map((_, i) => started.firstId + i),
      names,
      keys: names.map(() => null),
    });
    return new HandRun(folder, db, { writer, started });
  }

  /** Changes task number `n`, from 0. */
  async update(n: number, news: Partial<TaskUpdateMessage>): Promise<void> {
    const { run } = this;
    await clientOf(this.writer).request({ kind: "task_update", run, id: this.#first + n, ...news });
  }

  /** Starts task number `n`. */
  async begin(n: number): Promise<void> {
    await this.update(n, { status: "running", startedAt: isoNow() });
  }

  /** Ends task number `n`. */
  async end(n: number, status: "done" | "error", message?: string): Promise<void> {
    const text = message === undefined ? {} : { message };
    await this.update(n, { status, finishedAt: isoNow(), ...text });
  }

  /** Ends the run. */
  async finish(status: "done" | "error" = "done"): Promise<void> {
    await clientOf(this.writer).request({
      kind: "finish_run",
      run: this.run,
      status,
      finishedAt: isoNow(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writer.close();
    this.folder[Symbol.dispose]();
  }
}
