/**
 * What people read of an error: its message and those of the errors inside it, or everything with stacks.
 *
 * `Promise.any` reports "All promises were rejected", and `using` that an error was suppressed: the reasons are inside.
 *
 * @module
 */
import { type ErrorData, toErrorData } from "../errors.ts";

/** Errors of an AggregateError that its summary contains. */
const MAX_SUMMARIZED = 5;

/** The message of an error with those of the errors inside it, on one line as far as they are. */
export function summarizeError(thrown: unknown): string {
  return toErrorSummary(toErrorData(thrown));
}

/** The message of an error with those of the errors inside it that give the reason. */
export function toErrorSummary(data: ErrorData): string {
  const inside = insideOf(data);
  return !inside || data.message.endsWith(`: ${inside}`)
    ? data.message
    : `${data.message}: ${inside}`;
}

/** The messages inside an AggregateError or SuppressedError; an empty text where there is none. */
function insideOf(
  { errors = [], errorsLeft = 0, suppression, cause, message, name }: ErrorData,
): string {
  if (suppression) {
    const { error, suppressed } = suppression;
    return `${toErrorSummary(suppressed)}; then, while closing: ${toErrorSummary(error)}`;
  }
  if (errors.length > 0) {
    const shown = [...new Set(errors.map(toErrorSummary))].slice(0, MAX_SUMMARIZED);
    const left = errors.length + errorsLeft - shown.length;
    return shown.join("; ") + (left > 0 ? `; and ${left} more` : "");
  }
  // An error without a message has only its name.
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
