/**
 * Whether a task was stopped or failed. After an abort both look alike, because both throw; but what an
 * abort throws says so itself, and everything else is a failure that must not be hidden.
 *
 * @module
 */

/** Causes that are looked at: a chain may be a circle. */
const MAX_CAUSES = 16;

/** Whether something is to stop, and why: a signal, or what is known of one. */
export type Stop = Pick<AbortSignal, "aborted" | "reason">;

/** Whether `thrown` is, or was caused by, the reason of the aborted signal or an `AbortError`. */
export function isCancellation(thrown: unknown, signal: Stop | undefined): boolean {
  if (!signal?.aborted) return false;
  try {
    for (let error = thrown, i = 0; i < MAX_CAUSES; i++, error = (error as Error).cause) {
      if (error === signal.reason) return true;
      if (!(error instanceof Error)) return false;
      if (error.name === "AbortError") return true;
    }
  } catch {
    // Anyone may have put anything into an error.
  }
  return false;
}
