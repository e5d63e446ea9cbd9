/**
 * A subject that the server keeps from a user. The server drops the message and keeps the connection, so a run would
 * only wait; an error names the subject instead.
 *
 * @module
 */
import type { Names } from "./names.ts";
import { type NatsOptions, shownServers } from "./settings.ts";

/** What the server does not let this user do. */
export interface Refusal {
  does: "publish to" | "subscribe to";
  subject: string;
}

/** The error for a user. */
export function refusedError(
  { does, subject }: Refusal,
  { operation, names, servers }: Pick<NatsOptions, "servers"> & { operation: string; names: Names },
): Error {
  return new Error(
    `Cannot ${operation}: ${shownServers({ servers })} does not let this user ${does} ` +
      `${subject}. Permit ${names.permission(subject)}`,
  );
}
