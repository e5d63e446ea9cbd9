/**
 * A subject that the server keeps from a user: the server tells it beside all else, and goes on as if nothing had been
 * sent. So it is an error that names the subject, in place of a run that waits.
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
