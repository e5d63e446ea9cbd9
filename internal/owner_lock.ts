/**
 * Whether the process that owns a run lives: asked by those who only read. The lock itself is taken by the writer
 * (`writer/worker/process_lock.ts`); the system releases it when its process ends, however it ended.
 *
 * A shared lock on a file of its own is tried for an instant, and nothing is changed. A lock file that is missing,
 * or that may not be read, proves nothing. One that holds a text is that of a writer that was ended in the middle of a
 * statement: its process may live on, but writes nothing for its runs any more.
 *
 * @module
 */
import { folderOf } from "./paths.ts";
import { mayRead } from "./permissions.ts";

/** What an owner's token looks like: one that another program wrote must not lead to another file. */
const OWNER_TOKEN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether the process of an owner lives. */
export type OwnerState = "alive" | "gone" | "unknown";

/** What the lock files of a database begin with: its real path, as SQLite names its WAL. */
export function ownerBase(database: string): string {
  return `${Deno.realPathSync(database)}-owner-`;
}

/** Whether a text can be an owner's token. */
export function isOwnerToken(owner: string): boolean {
  return OWNER_TOKEN.test(owner);
}

/** Whether the process of an owner lives. Nothing is asked for that is not permitted already. */
export function ownerState(database: string, owner: string): OwnerState {
  if (!isOwnerToken(owner) || !mayRead(database)) return "unknown";
  try {
    const path = ownerBase(database) + owner;
    if (!mayRead(path)) return "unknown";
    using file = Deno.openSync(path, { read: true });
    return file.tryLockSync(false) || file.statSync().size > 0 ? "gone" : "alive";
  } catch {
    return "unknown";
  }
}

/** A lock file beside a database. */
export interface OwnerFile {
  /** Its path. */
  path: string;
  /** The token in its name, which runs note. */
  owner: string;
  /** Whether its process lives. */
  state: OwnerState;
}

/** The lock files of a database; `undefined` where its folder may not be read. */
export function listOwnerFiles(database: string): OwnerFile[] | undefined {
  try {
    const base = ownerBase(database);
    const folder = folderOf(base);
    if (!mayRead(folder)) return undefined;
    return [...Deno.readDirSync(folder)]
      .map(({ name }) => folder + name)
      .filter((path) => path.startsWith(base))
      .map((path) => path.slice(base.length))
      .filter(isOwnerToken).sort()
      .map((owner) => ({ path: base + owner, owner, state: ownerState(database, owner) }));
  } catch {
    return undefined;
  }
}

/** Bytes of a reason that are read: what another program wrote there may be long. */
const REASON_BYTES = 4_096;

/** Why the writer of an owner was ended, as noted in its lock file; `null` where nothing is noted. */
export function ownerReason(database: string, owner: string): string | null {
  if (!isOwnerToken(owner) || !mayRead(database)) return null;
  try {
    const path = ownerBase(database) + owner;
    return mayRead(path) ? readReason(path) : null;
  } catch {
    return null;
  }
}

/** The content of a lock file. */
export function readReason(path: string): string | null {
  try {
    using file = Deno.openSync(path, { read: true });
    const bytes = new Uint8Array(REASON_BYTES);
    const read = file.readSync(bytes);
    return read ? new TextDecoder().decode(bytes.subarray(0, read)) : null;
  } catch {
    return null;
  }
}
