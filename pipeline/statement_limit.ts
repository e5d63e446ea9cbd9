/**
 * How long statements may take once their run is stopped.
 *
 * @module
 */
import type { StatementLimit } from "../writer/client/statement_deadline.ts";
import { GRACE_MS } from "./scheduler/retry_policy.ts";
import { exitSoon } from "./signals.ts";

/** The limit of a run with this signal. A program that a signal has interrupted cannot end by itself afterwards. */
export function statementLimit(
  { abortGraceMs = GRACE_MS }: { abortGraceMs?: number | undefined },
  signal: AbortSignal,
): StatementLimit {
  return { signal, graceMs: abortGraceMs, ended: () => exitSoon(signal.reason) };
}
