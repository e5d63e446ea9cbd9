/**
 * What the main thread keeps of the error of a task: the whole of it is in `task_runs`.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";

/** Characters of a message or a stack: more than a person reads, few enough to keep a hundred of them. */
const MAX_TEXT = 16_384;

/** An error whose texts are shortened where they are very long. */
export function abridgedError(
  { message, stack, cause, errors, suppression, ...rest }: ErrorData,
): ErrorData {
  const data: ErrorData = { ...rest, message: abridged(message) };
  if (stack !== undefined) data.stack = abridged(stack);
  if (cause) data.cause = abridgedError(cause);
  if (errors) data.errors = errors.map(abridgedError);
  if (suppression) {
    const { error, suppressed } = suppression;
    data.suppression = { error: abridgedError(error), suppressed: abridgedError(suppressed) };
  }
  return data;
}

function abridged(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // A slice would keep the whole text in memory.
  const start = new TextDecoder().decode(new TextEncoder().encode(text.slice(0, MAX_TEXT)));
  return `${start}… (${text.length} characters, all of them in task_runs)`;
}
