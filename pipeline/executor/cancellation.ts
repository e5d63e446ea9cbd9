/**
 * Whether a task was stopped or failed. After an abort both look alike, because both throw; but what an
 * abort throws is marked as such, and everything else is a failure that must not be hidden.
 *
 * @module
 */

/** Errors that are looked at: they may go round in a circle. */
const MAX_LOOKED_AT = 64;

/** Whether a stop was requested, and why: a signal, or what is known of one. */
export type Stop = Pick<AbortSignal, "aborted" | "reason">;

/**
 * Whether `thrown` is the reason of the aborted signal or an `AbortError`, or has one inside: as its cause, among the
 * errors of an `AggregateError`, or in a `SuppressedError`.
 */
export function isCancellation(thrown: unknown, signal: Stop | undefined): boolean {
  if (!signal?.aborted) return false;
  try {
    const errors = [thrown];
    for (let i = 0; i < Math.min(errors.length, MAX_LOOKED_AT); i++) {
      const error = errors[i];
      if (error === signal.reason) return true;
      if (!(error instanceof Error)) continue;
      if (error.name === "AbortError") return true;
      if (error.cause !== undefined) errors.push(error.cause);
      if (error instanceof AggregateError) errors.push(...error.errors.slice(0, MAX_LOOKED_AT));
      if (error instanceof SuppressedError) errors.push(error.error, error.suppressed);
    }
  } catch {
    // A program may have put anything into an error.
  }
  return false;
}
