/**
 * The time of the server as the page knows it, and a beat of once a second for whatever shows it.
 *
 * Times in the database are the server's, so elapsed times are reckoned with its clock. While the data is
 * not live the clock stands still: a time that runs on beside counts that do not would be a lie.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";

const BEAT_MS = 1000;

let offset = 0;
let stoppedAt: number | null = null;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** Time of the server in milliseconds since 1970. */
export function serverNow(): number {
  return stoppedAt ?? Date.now() + offset;
}

/** Sets the clock by an event of the server. */
export function setClock(now: number): void {
  offset = now - Date.now();
  stoppedAt = null;
}

/** Stops the clock until it is set again. */
export function stopClock(at: number = serverNow()): void {
  stoppedAt = at;
  for (const listener of listeners) listener();
}

/** The time of the server, once a second while `ticking`. */
export function useNow(ticking = true): number {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    timer ??= setInterval(() => {
      for (const listener of listeners) listener();
    }, BEAT_MS);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, [ticking]);
  return serverNow();
}
