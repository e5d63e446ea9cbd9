/**
 * What `pipeloom doctor` looks at in a database.
 *
 * @module
 */
import { databasePath, fileExists } from "../../sqlite/database_file.ts";
import { listRuns } from "../../dashboard/server/queries/runs.ts";
import type { Reader } from "../../dashboard/server/reader.ts";
import type { Check } from "./check.ts";
import { examineOwners } from "./examine_owners.ts";
import { examineSettings } from "./examine_settings.ts";
import { messageOf } from "../terminal/failure.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { openDatabase } from "../open_database.ts";
import { checkIntegrity, journalMode, pages } from "../../sqlite/pragmas.ts";
import { formatBytes, formatDuration, formatNumberOf } from "../../internal/units.ts";
import { rewrittenText } from "../../internal/rewritten_text.ts";
import { walHeld } from "../status/draw_run.ts";
import { hasWalResetRace, raceAdvice } from "./sqlite_versions.ts";

/** Findings of the integrity check that are shown. */
const MAX_PROBLEMS = 5;

/** Bytes of a WAL past which a reader keeps it from being emptied: what the writer cuts it to. */
const LARGE_WAL = 64 * 1024 * 1024;

/** Milliseconds without news after which a running run has probably died. */
const SILENT_MS = 60_000;

const DAMAGED =
  "keep a copy of the file, then restore a backup or run .recover in the sqlite3 shell";

/** Looks at the database. */
export async function examineFile(db: string): Promise<Check[]> {
  try {
    const file = await databasePath(db);
    if (!await fileExists(file)) {
      return [{
        title: "Database",
        state: "note",
        found: `${db}: there is no such file yet`,
        advice: "run a pipeline, or name another file with --db",
      }];
    }
    using reader = await openDatabase(file);
    return [
      describeFile(reader),
      await checkJournal(reader),
      ...guarded("Settings", () => examineSettings(reader)),
      ...guarded("Runs", () => checkRuns(reader)),
      ...guarded("Locks", () => examineOwners(reader)),
      ...guarded("Integrity", () => [describeIntegrity(reader)]),
    ];
  } catch (error) {
    return [{ title: "Database", state: "wrong", found: messageOf(error) }];
  }
}

/** A damaged file can fail any read; the other checks are made all the same. */
function guarded(title: string, check: () => Check[]): Check[] {
  try {
    return check();
  } catch (error) {
    return [{ title, state: "wrong", found: messageOf(error), advice: DAMAGED }];
  }
}

function describeFile(reader: Reader): Check {
  const { path } = reader.connection;
  const { count, free, bytes } = pages(reader.connection);
  const kind = reader.has("pipeline_runs")
    ? ""
    : reader.has("task_runs")
    ? "; made by the Python pipeloom"
    : "; it has none of pipeloom's tables";
  const isWasteful = free > count / 2 && free * bytes > LARGE_WAL;
  return {
    title: "Database",
    state: kind.endsWith("tables") ? "note" : "ok",
    found:
      `${path}: ${formatBytes(count * bytes)}, of which ${formatBytes(free * bytes)} are free` +
      kind,
    advice: isWasteful
      ? `pipeloom vacuum --db ${path} makes it smaller, while no pipeline runs`
      : undefined,
  };
}

async function checkJournal({ connection }: Reader): Promise<Check> {
  const mode = journalMode(connection);
  if (mode !== "wal") {
    return {
      title: "Journal",
      state: "note",
      found: `${mode}: readers and the writer wait for each other`,
      advice: "pipelines turn WAL on unless wal is false",
    };
  }
  const bytes = await sizeOf(`${connection.path}-wal`);
  const isLarge = bytes > LARGE_WAL;
  return {
    title: "Journal",
    state: isLarge ? "wrong" : "ok",
    found: `WAL of ${formatBytes(bytes)}`,
    advice: isLarge
      ? "end readers that hold an old snapshot (an open cursor, a transaction), then: pipeloom checkpoint"
      : undefined,
  };
}

function checkRuns(reader: Reader): Check[] {
  const { runs } = listRuns(reader, { limit: 50 });
  const last = runs.find(({ id }) => id !== 0);
  const gone = runs.filter(({ processGone }) => processGone);
  const silent = runs.filter(({ status, updatedAt, processGone }) =>
    status === "running" && processGone === null &&
    Date.now() - Date.parse(updatedAt ?? "") > SILENT_MS
  );
  const checks: Check[] = gone.map(({ id, name, reason, counts }) => ({
    title: "Runs",
    state: "wrong",
    found: `run ${id} (${sanitize(name)}) has not ended, and its process is gone` +
      (reason ? `: ${sanitize(reason)}` : "") +
      `; ${formatNumberOf(counts.queued + counts.running, "task")} left`,
    advice:
      `pipeloom run <file> --resume ${id} continues it; the next pipeline on this file notes its end`,
  }));
  if (silent.length > 0) {
    const since = Date.now() - Date.parse(silent[0]!.updatedAt!);
    const which = silent.map(({ id }) => id).join(", ");
    checks.push({
      title: "Runs",
      // A task may be silent for long and well.
      state: "note",
      found:
        `run ${which} is marked as running, and has had no news for ${formatDuration(since)}; ` +
        "whether its process is alive cannot be determined from here",
      advice:
        "if its process is gone, the next pipeline on this file marks it as interrupted, and " +
        "pipeloom run <file> --resume continues it; pipeloom prune --force deletes it",
    });
  }
  for (const run of runs) {
    const text = rewrittenText(run);
    if (!text) continue;
    checks.push({
      title: "Runs",
      state: "note",
      found: `of run ${run.id}, ${text}`,
      advice: "give the other program a file of its own; " +
        `pipeloom run --resume ${run.id} runs the tasks that this run has not finished`,
    });
    break;
  }
  const held = runs.map(walHeld).find((text) => text !== undefined);
  if (held !== undefined) {
    checks.push({
      title: "Readers",
      state: "wrong",
      found: held,
      advice: "end the one that stays in one transaction or leaves a cursor open; " +
        `lsof ${reader.connection.path}-shm names those that have the file open`,
    });
  }
  if (last?.sqliteVersion && hasWalResetRace(last.sqliteVersion)) {
    checks.push({
      title: "Writer",
      state: "wrong",
      found:
        `run ${last.id} was written with SQLite ${last.sqliteVersion}, which can lose a commit ` +
        `when two connections write`,
      advice: raceAdvice(last.driver ?? ""),
    });
  }
  return checks;
}

function describeIntegrity({ connection }: Reader): Check {
  const { problems, unchecked } = checkIntegrity(connection, MAX_PROBLEMS);
  if (problems.length > 0) {
    return { title: "Integrity", state: "wrong", found: problems.join("; "), advice: DAMAGED };
  }
  if (unchecked.length > 0) {
    return {
      title: "Integrity",
      state: "note",
      found: `cannot be checked here: ${
        unchecked.join(", ")
      }; PRAGMA integrity_check finds nothing in the rest`,
      advice: "check it with the program that defines this; nothing shows that the file is damaged",
    };
  }
  return { title: "Integrity", state: "ok", found: "PRAGMA integrity_check finds nothing" };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.stat(file)).size;
  } catch {
    return 0;
  }
}
