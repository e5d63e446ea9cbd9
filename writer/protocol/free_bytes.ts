/**
 * Large bytes of messages that are of no more use, given back at once.
 *
 * The collector of an isolate lets tens of megabytes of bytes pile up before it looks, and each thread of a pool has one.
 * A message has copies of its own of the bytes that a caller sent (`toSqlValue`), and the other thread gets copies of
 * those.
 *
 * @module
 */
import type { WriteMessage } from "./write_message.ts";

/** Bytes of a value that is worth the call. */
const LARGE = 65_536;

/** Frees the large bytes of messages, which nothing may read afterwards. Malformed ones are left as they are. */
export function freeBytes(messages: readonly WriteMessage[]): void {
  for (const message of messages) {
    switch (message?.kind) {
      case "insert":
        if (message.bytes !== undefined && message.bytes >= LARGE) freeAll(message.values);
        break;
      case "execute":
      case "statement":
        freeAll(message.params);
        break;
      case "transaction":
        if (Array.isArray(message.messages)) freeBytes(message.messages);
    }
  }
}

function freeAll(values: unknown): void {
  if (!Array.isArray(values)) return;
  for (const value of values) {
    if (!(value instanceof Uint8Array) || value.byteLength < LARGE) continue;
    (value.buffer as ArrayBuffer).transfer(0);
  }
}
