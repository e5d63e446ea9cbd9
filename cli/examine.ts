/**
 * What `pipeloom doctor` looks at.
 *
 * @module
 */
import { databasePath, isThere } from "../database_file.ts";
import { listRuns } from "../dashboard/queries/runs.ts";
import type { Reader } from "../dashboard/reader.ts";
import { Connection } from "../db.ts";
import { chooseDriver } from "../drivers/choose.ts";
import { paths } from "../paths.ts";
import { messageOf } from "./failure.ts";
import { openDatabase } from "./open_database.ts";
import { integrityProblems, journalMode, pages } from "./pragmas.ts";
import { formatBytes, formatDuration } from "./quantities.ts";
import { hasWalResetRace } from "./sqlite_versions.ts";

/** One finding. */
export interface Check {
  /** What was looked at. */
  title: string;
  /** Whether it is as it should be; a note is neither good nor bad. */
  state: "ok" | "note" | "wrong";
  /** What was found. */
  found: string;
  /** What to do. */
  advice?: string;
}

/** Findings of the integrity check that are shown. */
const MAX_PROBLEMS = 5;

/** Bytes of a WAL past which somebody keeps it from being emptied: what the writer cuts it to. */
const LARGE_WAL = 64 * 1024 * 1024;

/** Bytes of free disk below which a pipeline may soon fail. */
const LITTLE_DISK = 512 * 1024 * 1024;

/** Milliseconds without news after which a running run has probably died. */
const SILENT_MS = 60_000;

/** The oldest runtime that has what is needed: the built-in driver prints its statements since then. */
const OLDEST_DENO = [2, 5];

/** Looks at everything. */
export async function examine(db: string): Promise<Check[]> {
  return [
    checkDeno(),
    await checkDriver(),
    await checkPermissions(),
    ...await checkDatabase(db),
    await checkDisk(db),
  ];
}

function checkDeno(): Check {
  const { deno } = Deno.version;
  const [major = 0, minor = 0] = deno.split(".").map(Number);
  const isOld = major < OLDEST_DENO[0]! || (major === OLDEST_DENO[0] && minor < OLDEST_DENO[1]!);
  return {
    title: "Deno",
    state: isOld ? "wrong" : "ok",
    found: `${deno} on ${Deno.build.os} ${Deno.build.arch}`,
    advice: isOld ? "deno upgrade" : undefined,
  };
}

async function checkDriver(): Promise<Check> {
  const { driver, reason } = await chooseDriver("auto");
  using connection = new Connection(driver, ":memory:", false);
  const version = connection.sqliteVersion;
  const race = hasWalResetRace(version);
  return {
    title: "Driver",
    state: race ? "wrong" : "ok",
    found: `${driver.name}, SQLite ${version}${reason ? ` (not ffi: ${reason})` : ""}` +
      (race ? "; with two connections that write, this version can lose a commit" : ""),
    advice: race ? raceAdvice(driver.name) : undefined,
  };
}

function raceAdvice(driver: string): string {
  return driver === "ffi"
    ? "use --driver builtin, or set DENO_SQLITE_PATH to SQLite 3.51.3 or newer; until then let only " +
      "one process write or checkpoint"
    : "deno upgrade; until then let only one process write or checkpoint";
}

async function checkPermissions(): Promise<Check> {
  const names = ["read", "write", "net", "env", "ffi", "sys", "run"] as const;
  const states = await Promise.all(names.map(async (name) => ({
    name,
    granted: (await Deno.permissions.query({ name })).state === "granted",
  })));
  const granted = states.filter(({ granted }) => granted).map(({ name }) => name);
  const others = states.filter(({ granted }) => !granted).map(({ name }) => name);
  return {
    title: "Permissions",
    state: "note",
    found: [
      granted.length > 0
        ? `granted to the full: ${granted.join(", ")}`
        : "none is granted to the full",
      ...(others.length > 0 ? [`not, or in part: ${others.join(", ")}`] : []),
    ].join("; "),
  };
}

async function checkDatabase(db: string): Promise<Check[]> {
  try {
    const file = await databasePath(db);
    if (!await isThere(file)) {
      return [{
        title: "Database",
        state: "note",
        found: `${file}: there is no such file yet`,
        advice: "run a pipeline, or name another file with --db",
      }];
    }
    using reader = await openDatabase(file);
    return [
      describeFile(reader),
      await checkJournal(reader),
      ...checkRuns(reader),
      checkIntegrity(reader),
    ];
  } catch (error) {
    return [{ title: "Database", state: "wrong", found: messageOf(error) }];
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
      ? `sqlite3 ${path} VACUUM makes it smaller, while no pipeline runs`
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
      advice: "pipelines turn WAL on unless they say wal: false",
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
  const silent = runs.filter(({ status, updatedAt }) =>
    status === "running" && Date.now() - Date.parse(updatedAt ?? "") > SILENT_MS
  );
  const checks: Check[] = [];
  if (silent.length > 0) {
    const since = Date.now() - Date.parse(silent[0]!.updatedAt!);
    const which = silent.map(({ id }) => id).join(", ");
    checks.push({
      title: "Runs",
      state: "wrong",
      found: `run ${which} says it is running, and has had no news for ${formatDuration(since)}`,
      advice: "if its process is gone, run the pipeline again; pipeloom prune --force deletes it",
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

function checkIntegrity({ connection }: Reader): Check {
  const problems = integrityProblems(connection, MAX_PROBLEMS);
  return {
    title: "Integrity",
    state: problems.length === 0 ? "ok" : "wrong",
    found: problems.length === 0 ? "PRAGMA integrity_check finds nothing" : problems.join("; "),
    advice: problems.length === 0
      ? undefined
      : "keep a copy of the file, then restore a backup or run .recover in the sqlite3 shell",
  };
}

async function checkDisk(db: string): Promise<Check> {
  try {
    // Asked first, so that no prompt is shown.
    const permission = { name: "sys", kind: "statfs" } as unknown as Deno.PermissionDescriptor;
    if ((await Deno.permissions.query(permission)).state !== "granted") {
      return {
        title: "Disk",
        state: "note",
        found: "not known: --allow-sys=statfs is not granted",
      };
    }
    const { statfs } = await import("node:fs/promises");
    const { dirname } = await paths();
    const file = await databasePath(db);
    const { bavail, bsize } = await statfs(/[\\/]/.test(file) ? dirname(file) : ".");
    const bytes = Number(bavail) * Number(bsize);
    return {
      title: "Disk",
      state: bytes < LITTLE_DISK ? "wrong" : "ok",
      found: `${formatBytes(bytes)} are free`,
      advice: bytes < LITTLE_DISK ? "make room: a full disk fails every commit" : undefined,
    };
  } catch (error) {
    return { title: "Disk", state: "note", found: `not known: ${messageOf(error).split("\n")[0]}` };
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.stat(file)).size;
  } catch {
    return 0;
  }
}
