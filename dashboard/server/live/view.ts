/**
 * What one kind of page shows, kept up to date: the contract of the views.
 *
 * A view knows nothing of streams. The hub asks it for a snapshot when a page is opened, and for a
 * patch when something was committed; all who look at the same page share one view.
 *
 * @module
 */
import type { ListPatch } from "../../api.ts";
import type { DatabaseHandle } from "../database_handle.ts";

/** When and why a view reads. */
export interface Tick {
  /** Grows with each tick. */
  number: number;
  /** Whether anything was committed since the last one. */
  changed: boolean;
}

/** What one page shows. */
export interface View {
  /** Whether there is more to read even if nothing is committed. */
  readonly pending: boolean;
  /** Reads what has changed and returns it as a patch, `undefined` when nothing has. */
  refresh(source: DatabaseHandle, tick: Tick): Promise<object | undefined>;
  /**
   * Everything, as last read.
   *
   * @param lastEventId The id of the last event that a stream which comes back has seen
   */
  snapshot(source: DatabaseHandle, lastEventId?: string): object;
  /** The id of an event that brings the page to where it is now. */
  readonly eventId: string;
  /** Lets go of what it shares with other views. */
  close?(): void;
}

/** How a list has changed, `undefined` when it has not. */
export function diffList<T extends { id: number }>(
  before: readonly T[],
  after: readonly T[],
): ListPatch<T> | undefined {
  if (before === after) return;
  const known = new Map(before.map((row) => [row.id, JSON.stringify(row)]));
  const rows = after.filter((row) => known.get(row.id) !== JSON.stringify(row));
  const moved = before.length !== after.length || before.some(({ id }, i) => id !== after[i]!.id);
  if (rows.length === 0 && !moved) return;
  return moved ? { order: after.map(({ id }) => id), rows } : { rows };
}

/** Whether two values are the same as JSON. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The patch, or `undefined` when nothing is in it. */
export function unlessEmpty<T extends object>(patch: T): T | undefined {
  return Object.values(patch).some((value) => value !== undefined) ? patch : undefined;
}
