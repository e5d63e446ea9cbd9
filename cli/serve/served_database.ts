/**
 * A database that a server shows: its dashboard, and what the server itself reads and writes there.
 *
 * @module
 */
import { assembleDashboard, type DashboardApp } from "../../dashboard/server/app.ts";
import type { Access } from "../../dashboard/server/access/guard_token.ts";
import type { PastRun, Run } from "../../dashboard/api.ts";
import { DatabaseHandle } from "../../dashboard/server/database_handle.ts";
import type { DatabaseHost } from "../../dashboard/server/pipeline_host.ts";
import { argumentsOf, listPastRuns } from "../../dashboard/server/queries/pipelines/past_runs.ts";
import { readPauses } from "../../dashboard/server/queries/pipelines/schedules.ts";
import { getRun } from "../../dashboard/server/queries/runs.ts";
import { delay } from "../../internal/delay.ts";
import { isoNow } from "../../internal/timestamps.ts";
import type { NoteScheduleMessage } from "../../writer/protocol/schedule_message.ts";
import { clientOf, SqliteWriter } from "../../writer/client/sqlite_writer.ts";

/** Looks at a run whose process has ended, and milliseconds between them. */
const LOOKS = 30;
const LOOK_MS = 100;

/** Runs of a pipeline that are shown in a row. */
const SHOWN_RUNS = 20;

/** One database. */
export class ServedDatabase implements AsyncDisposable {
  /** Its path. */
  readonly path: string;
  /** Its part of addresses. */
  readonly slug: string;
  /** Its dashboard. */
  readonly app: DashboardApp;
  readonly #source: DatabaseHandle;
  #writer: Promise<SqliteWriter> | undefined;
  /** What was read of it at its last change. */
  #known = new Map<string, PastRun[]>();
  #pauses = new Map<string, string>();

  constructor(
    { path, slug }: { path: string; slug: string },
    { access, controlToken, data, host }: {
      access: Access;
      controlToken: string;
      data: boolean | undefined;
      host: Omit<DatabaseHost, "home">;
    },
  ) {
    this.path = path;
    this.slug = slug;
    this.#source = new DatabaseHandle(path);
    this.app = assembleDashboard(
      {
        db: path,
        token: access.token,
        allowedHosts: access.allowedHosts,
        allowedOrigins: access.allowedOrigins,
        controlToken,
        data,
        writer: { attach: async () => (await this.writer()).attach() },
      },
      { access, host: { ...host, home: "../../" } },
    );
  }

  /** Where its dashboard is, from the first page. */
  get address(): string {
    return `db/${this.slug}/`;
  }

  /** A writer of it, opened when something is written first. */
  writer(): Promise<SqliteWriter> {
    this.#writer ??= SqliteWriter.open({ db: this.path }).catch((error) => {
      this.#writer = undefined;
      throw error;
    });
    return this.#writer;
  }

  /** Claims a due time of a pipeline. Returns whether no other server has it, and the schedule is not paused. */
  async claim(name: string, due: Date): Promise<boolean> {
    return await this.#note({ name, due: due.toISOString() });
  }

  /** Pauses the schedule of a pipeline, or resumes it. */
  async setPaused(name: string, paused: boolean): Promise<void> {
    await this.#note({ name, pausedAt: paused ? isoNow() : null });
  }

  /** Since when the schedule of a pipeline is paused, `null` while it is not. */
  async pausedAt(name: string): Promise<string | null> {
    await this.#refresh();
    return this.#pauses.get(name) ?? null;
  }

  /** The last runs of a pipeline. */
  async pastRuns(name: string): Promise<PastRun[]> {
    await this.#refresh();
    let runs = this.#known.get(name);
    if (!runs) {
      runs = this.#source.read((reader) => listPastRuns(reader, name, SHOWN_RUNS), () => []);
      this.#known.set(name, runs);
    }
    return runs;
  }

  async #refresh(): Promise<void> {
    if (!await this.#source.changed()) return;
    this.#known.clear();
    this.#pauses = this.#source.read(readPauses, () => this.#pauses);
  }

  async #note(message: Omit<NoteScheduleMessage, "kind">): Promise<boolean> {
    const writer = await this.writer();
    return await clientOf(writer).request({ kind: "note_schedule", ...message });
  }

  /** The arguments of a run. */
  argumentsOf(run: number): object {
    return JSON.parse(this.#source.read((reader) => argumentsOf(reader, run)) ?? "{}");
  }

  /** A run whose process has ended. That its lock is free is seen a moment later. */
  async endedRun(id: number): Promise<Run | undefined> {
    let run: Run | undefined;
    for (let looks = 0; looks < LOOKS; looks++) {
      await this.#source.ready();
      run = this.#source.read((reader) => getRun(reader, id), () => undefined);
      if (run?.status !== "running") break;
      await delay(LOOK_MS);
    }
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    this.#source[Symbol.dispose]();
    await (await this.#writer?.catch(() => undefined))?.close();
  }
}
