/**
 * Numbers by which the writer knows the senders that may be cut off: no two of a process are the same.
 *
 * @module
 */

let senders = 0;

/** A number that no other sender has. */
export function nextSender(): number {
  return ++senders;
}
