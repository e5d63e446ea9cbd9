/**
 * Who owns a run: a lock that the system lets go of when its holder is gone, however it went.
 *
 * The writer takes an exclusive lock on a file of its own beside the database, `<db>-owner-<token>`, before its first
 * run, and notes the token with the run. A process that can take that lock knows that the owner is gone. A missing file
 * shows it only if no owner creates another one within a moment. A process that is stopped, or busy for hours, still
 * holds its lock.
 *
 * Rejected: a heartbeat (a blocked process looks dead, a clock that jumps kills), the process id (it is used
 * again, and means nothing in another container), and a lock on the database itself (closing any handle of it
 * would drop SQLite's own locks). The files are named after the path that the database really has, as SQLite
 * names its WAL, so that a link leads to the same ones.
 *
 * Where such a file may not be made, because of narrow permissions or a file system without locks, a run has no
 * owner, and it is never taken for dead. Nothing here asks for a permission.
 *
 * @module
 */
import { isOwnerToken, ownerBase, type OwnerState } from "../../internal/owner_lock.ts";
import { isoTime } from "../../internal/timestamps.ts";
import { folderOf } from "../../internal/paths.ts";
import { isGranted } from "../../internal/permissions.ts";

/** Looks for a lock file that is missing, and milliseconds between them: more than an owner takes to notice. */
const LOOKS = 16;
const LOOK_MS = 100;

/** Milliseconds by which two notes of one start differ at most. */
const SAME_MS = 30_000;

/** Milliseconds of a tick of the clock by which Linux counts. */
const TICK_MS = 10;

/** Tries to get a lock on a file of one's own: another may be looking at it at that moment. */
const ATTEMPTS = 5;

/** What is noted of the owner of a run: its lock, and, for people, which process it is. */
export interface OwnerColumns {
  /** Names its lock file; `null` when it has none. */
  owner: string | null;
  pid: number;
  /** When the process began, ISO 8601: another one of the same id began later. */
  processStartedAt: string | null;
  /** Name of the machine; `null` without `--allow-sys=hostname`. */
  host: string | null;
  /** When the machine was started, ISO 8601, to a second or two; `null` without `--allow-sys=osUptime`. */
  bootedAt: string | null;
}

/** What is noted where the run has no owner. */
export const UNOWNED: Readonly<OwnerColumns> = {
  owner: null,
  pid: Deno.pid,
  processStartedAt: null,
  host: null,
  bootedAt: null,
};

/** The owner that this writer is. */
export class ProcessLock implements Disposable {
  readonly #base: string | undefined;
  readonly #process: Omit<OwnerColumns, "owner">;
  /** Receives which lock file was taken. */
  readonly #onTaken: (path: string) => void;
  #lock: { file: Deno.FsFile; path: string; token: string } | undefined;
  #tried = false;
  /** Runs that it owns and that have not ended, as far as is committed; kept by the writer. */
  openRuns = 0;

  private constructor(
    base: string | undefined,
    process: Omit<OwnerColumns, "owner">,
    onTaken: (path: string) => void,
  ) {
    this.#base = base;
    this.#process = process;
    this.#onTaken = onTaken;
  }

  /** Prepares to own runs of a database that is open, for a process that began then. No lock is taken yet. */
  static of(
    database: string,
    processStartedAt: string,
    onTaken: (path: string) => void = () => {},
  ): ProcessLock {
    const may = (kind: "hostname" | "osUptime") => isGranted({ name: "sys", kind });
    return new ProcessLock(lockBase(database), {
      pid: Deno.pid,
      processStartedAt,
      host: may("hostname") ? Deno.hostname() : null,
      bootedAt: may("osUptime") ? isoTime(Date.now() - 1_000 * Deno.osUptime()) : null,
    }, onTaken);
  }

  /** What lock files of this database begin with; `undefined` where there can be none. */
  get base(): string | undefined {
    return this.#base;
  }

  /** Takes the lock, if it is not taken, and returns what to note. */
  take(): OwnerColumns {
    if (!this.#tried && this.#base !== undefined) this.#lock = tryLock(this.#base);
    if (!this.#tried && this.#lock) this.#onTaken(this.#lock.path);
    this.#tried = true;
    return { owner: this.#lock?.token ?? null, ...this.#process };
  }

  /** Makes another lock file when that of this owner was removed: others would not know whether it lives. */
  keep(): void {
    if (!this.#lock || isThere(this.#lock.path)) return;
    const { file: old, path, token } = this.#lock;
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(path, { createNew: true, read: true, write: true });
      if (!file.tryLockSync(true)) throw new Error("Another process looks at it");
      this.#lock = { file, path, token };
      old.close();
    } catch {
      // Next time, or never, as where its folder was removed.
      file?.close();
    }
  }

  /** Lets go of the lock; its file stays as the proof of that where a run could not be ended, as on a full disk. */
  [Symbol.dispose](): void {
    if (!this.#lock) return;
    if (this.openRuns === 0) removeQuietly(this.#lock.path);
    this.#lock.file.close();
    this.#lock = undefined;
  }
}

/** What a row records of the process that owned its run. */
export interface NotedProcess {
  pid?: unknown;
  host?: unknown;
  process_started_at?: unknown;
  booted_at?: unknown;
}

/**
 * Whether the owner of a run lives. A lock that is free proves that it is gone. A lock file that is missing proves
 * nothing yet: a living owner makes another one within a moment, which is waited for; after that only the process
 * itself, looked for where that is permitted, proves that it lives.
 */
export function ownerOf(base: string, owner: string, noted: NotedProcess = {}): OwnerState {
  if (!isOwnerToken(owner)) return "unknown";
  for (let looks = 0; looks < LOOKS; looks++) {
    if (looks > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
    const state = lockState(base + owner);
    if (state !== "missing") return state;
  }
  // A database that was moved has left its lock files behind.
  return processState(noted) === "alive" ? "alive" : "gone";
}

/** Removes the lock file of an owner that is gone. Returns whether it is known to be. */
export function removeGone(base: string, owner: string): boolean {
  return isOwnerToken(owner) && lockState(base + owner, true) === "gone";
}

function lockState(path: string, remove = false): OwnerState | "missing" {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "missing" : "unknown";
  }
  try {
    // A text is the reason why its writer was ended, in a process that may live on.
    if (!file.tryLockSync(true) && file.statSync().size === 0) return "alive";
    // While it is locked, so that no owner takes it meanwhile.
    if (remove) removeQuietly(path);
    return "gone";
  } catch {
    return "unknown";
  } finally {
    file.close();
  }
}

/** Whether a process lives, by its id, its start and the start of the machine, as far as they may be seen. */
function processState({ pid, host, process_started_at, booted_at }: NotedProcess): OwnerState {
  if (!isGranted({ name: "sys", kind: "hostname" }) || host !== Deno.hostname()) return "unknown";
  const bootedAt = Date.parse(`${booted_at}`);
  if (isGranted({ name: "sys", kind: "osUptime" }) && !Number.isNaN(bootedAt)) {
    const sinceBoot = Date.now() - 1_000 * Deno.osUptime();
    if (Math.abs(sinceBoot - bootedAt) > SAME_MS) return "gone";
  }
  if (Deno.build.os !== "linux" || !Number.isSafeInteger(pid)) return "unknown";
  try {
    // The name of a program may hold blanks and brackets.
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
    const startedAt = Date.now() - 1_000 * Deno.osUptime() + Number(fields[19]) * TICK_MS;
    const isSame = Math.abs(startedAt - Date.parse(`${process_started_at}`)) < SAME_MS;
    return isSame ? "alive" : "gone";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "gone" : "unknown";
  }
}

/** Removes lock files that are not held: of owners that were killed when none of their runs was running. */
export function removeAbandoned(base: string): void {
  const folder = folderOf(base);
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      const path = folder + name;
      if (path.startsWith(base)) removeGone(base, path.slice(base.length));
    }
  } catch {
    // The folder may not be read: they stay, empty as they are.
  }
}

function tryLock(base: string) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const token = crypto.randomUUID();
    const path = base + token;
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(path, { createNew: true, read: true, write: true });
      // Another process that clears up may have locked or removed it before us: then it proves nothing.
      if (file.tryLockSync(true) && isThere(path)) return { file, path, token };
      file.close();
    } catch {
      if (file) removeQuietly(path);
      file?.close();
      return undefined;
    }
  }
  return undefined;
}

/** The permissions that a lock file takes; what is not granted already is not asked for. */
function lockBase(database: string): string | undefined {
  if (database === ":memory:") return;
  try {
    if (!isGranted({ name: "read", path: database })) return;
    const base = ownerBase(database);
    const folder = folderOf(base);
    for (const name of ["read", "write"] as const) {
      if (!isGranted({ name, path: folder })) return;
    }
    return base;
  } catch {
    return;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Another did it, or it stays as an empty file.
  }
}
