/**
 * The runs that were ticked to be compared: two at most, kept while the reader turns pages.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";

let chosen: readonly number[] = [];
const listeners = new Set<() => void>();

/** Ticks a run, or takes the tick away. A third takes the place of the one that was ticked first. */
export function choose(run: number): void {
  chosen = chosen.includes(run)
    ? chosen.filter((other) => other !== run)
    : [...chosen, run].slice(-2);
  for (const listener of listeners) listener();
}

/** The ticked runs in the order of their ids. */
export function useChosen(): readonly number[] {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return chosen.toSorted((a, b) => a - b);
}
