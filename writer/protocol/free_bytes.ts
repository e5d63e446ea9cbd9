/**
 * Large bytes of messages: they are handed from thread to thread and not copied, and freed as soon as they are written.
 *
 * The collector of an isolate lets tens of megabytes of bytes pile up before it looks, and each thread of a pool has one.
 * A message can give its bytes away, because it has a copy of what a caller sent (`toSqlValue`).
 *
 * @module
 */
import type { SqlValue } from "../../sqlite/values.ts";
import type { WriteMessage } from "./write_message.ts";

/** Bytes of a value that is worth the call. */
const LARGE = 65_536;

/** The buffers of large bytes of messages, which are transferred and not copied. */
export function largeBuffers(messages: readonly WriteMessage[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  collect(messages, buffers);
  return buffers;
}

/** Frees the large bytes of messages, which nothing may read afterwards. Malformed ones are left as they are. */
export function freeBytes(messages: readonly WriteMessage[]): void {
  for (const buffer of largeBuffers(messages)) buffer.transfer(0);
}

/** A message without its large bytes, to try whether the rest can be cloned. */
export function withoutLarge(message: WriteMessage): unknown {
  const kept = (values: readonly SqlValue[]) => values?.map((one) => isLarge(one) ? null : one);
  switch (message?.kind) {
    case "insert":
      return { ...message, values: kept(message.values) };
    case "execute":
    case "statement":
      return { ...message, params: kept(message.params) };
    case "transaction":
      return { ...message, messages: message.messages?.map(withoutLarge) };
    default:
      return message;
  }
}

function collect(messages: readonly WriteMessage[], into: ArrayBuffer[]): void {
  for (const message of messages) {
    switch (message?.kind) {
      case "insert":
        if (message.bytes !== undefined && message.bytes >= LARGE) {
          collectLarge(message.values, into);
        }
        break;
      case "execute":
      case "statement":
        collectLarge(message.params, into);
        break;
      case "transaction":
        if (Array.isArray(message.messages)) collect(message.messages, into);
    }
  }
}

function collectLarge(values: unknown, into: ArrayBuffer[]): void {
  if (!Array.isArray(values)) return;
  for (const value of values) if (isLarge(value)) into.push(value.buffer as ArrayBuffer);
}

function isLarge(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength >= LARGE;
}
