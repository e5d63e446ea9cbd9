/**
 * The statements for `pipeline_schedules`: which schedules are paused, and which of their times a server has claimed.
 *
 * A claim is one statement in the database that the runs are in. So of several servers over one file, on one machine or
 * more, each time begins one run, and the end of a server leaves nothing to take over.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { type Columns, createTable } from "../../sqlite/tables/table_changes.ts";
import type { NoteScheduleMessage } from "../protocol/schedule_message.ts";

const PIPELINE_SCHEDULES: Columns = {
  name: "TEXT PRIMARY KEY",
  paused_at: "TEXT", // NULL while it is not paused
  claimed: "TEXT", // the last time that a server claimed
};

/** A claimed time this far ahead was claimed by a clock that was wrong. */
const SET_BACK_MS = 86_400_000;

/** Notes what a server wants of a schedule. Returns whether the time is its own; without a time, `true`. */
export function noteSchedule(connection: Connection, message: NoteScheduleMessage): boolean {
  const { name, due, pausedAt } = message;
  createSchedules(connection);
  if (pausedAt !== undefined) {
    connection.prepare(
      `INSERT INTO pipeline_schedules (name, paused_at) VALUES (?1, ?2)
       ON CONFLICT (name) DO UPDATE SET paused_at=excluded.paused_at`,
    ).run(name, pausedAt);
  }
  if (due === undefined) return true;
  const ahead = new Date(Date.parse(due) + SET_BACK_MS).toISOString();
  return connection.prepare(
    `INSERT INTO pipeline_schedules (name, claimed) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET claimed=excluded.claimed
     WHERE paused_at IS NULL AND (claimed IS NULL OR claimed < ?2 OR claimed > ?3)`,
  ).run(name, due, ahead) > 0;
}

/**
 * Creates the table of schedules. A file that no server has runs for needs none.
 *
 * @throws {Error} If there is a table of this name of another make
 */
export function createSchedules(connection: Connection): void {
  createTable(connection, "pipeline_schedules", PIPELINE_SCHEDULES);
}
