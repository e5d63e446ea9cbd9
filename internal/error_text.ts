/**
 * What people read of an error: its message and those of the errors inside it, or everything with stacks.
 *
 * `Promise.any` says "All promises were rejected", and `using` that an error was suppressed: the reasons are inside.
 *
 * @module
 */
import { type ErrorData, toErrorData } from "../errors.ts";

/** Errors of an AggregateError that are told in its summary. */
const MAX_TOLD = 5;

/** The message of an error with those of the errors inside it, on one line as far as they are. */
export function summarizeError(thrown: unknown): string {
  return toErrorSummary(toErrorData(thrown));
}

/** The message of an error with those of the errors inside it that say why. */
export function toErrorSummary(data: ErrorData): string {
  const inside = insideOf(data);
  return !inside || data.message.endsWith(`: ${inside}`)
    ? data.message
    : `${data.message}: ${inside}`;
}

/** What the errors of an AggregateError or SuppressedError say; an empty text where there is none. */
function insideOf(
  { errors = [], errorsLeft = 0, suppression, cause, message, name }: ErrorData,
): string {
  if (suppression) {
    const { error, suppressed } = suppression;
    return `${toErrorSummary(suppressed)}; then, while closing: ${toErrorSummary(error)}`;
  }
  if (errors.length > 0) {
    const told = [...new Set(errors.map(toErrorSummary))].slice(0, MAX_TOLD);
    const left = errors.length + errorsLeft - told.length;
    return told.join("; ") + (left > 0 ? `; and ${left} more` : "");
  }
  // The name of an error that says nothing is all there is of it.
  return message === name && cause ? toErrorSummary(cause) : "";
}

/** The text of an error with its stack and those of the errors inside it, as a runtime prints it. */
export function toErrorText(data: ErrorData): string {
  const { stack, message, cause, errors = [], errorsLeft = 0, suppression } = data;
  const lines = [stack?.trim() ? stack : message];
  const count = errors.length + errorsLeft;
  errors.forEach((one, i) => lines.push(`Error ${i + 1} of ${count}: ${toErrorText(one)}`));
  if (errorsLeft > 0) lines.push(`… and ${errorsLeft} more`);
  if (suppression) {
    lines.push(`Thrown while closing: ${toErrorText(suppression.error)}`);
    lines.push(`Suppressed: ${toErrorText(suppression.suppressed)}`);
  }
  if (cause) lines.push(`Caused by: ${toErrorText(cause)}`);
  return lines.join("\n");
}

/** Why something failed, in one line and with stacks. */
export function toReason(error: unknown): { message: string; stack: string } {
  const data = toErrorData(error);
  return { message: toErrorSummary(data), stack: toErrorText(data) };
}
