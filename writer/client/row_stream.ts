/**
 * Rows from an iterable into the writer, only as fast as the disk takes them.
 *
 * @module
 */
import { type InsertOptions, toInsertMessage } from "./insert.ts";
import type { InsertMessage } from "../protocol/write_message.ts";

/** Rows in one message of a stream. Streams with a key that were killed are resumed by it: it stays as it is. */
const CHUNK_ROWS = 1_000;

/** Where a stream sends its rows. */
export interface RowSender {
  /** Sends them and resolves once they are committed. */
  request(message: InsertMessage): Promise<unknown>;
  /** Resolves when there is room for more; `undefined` when there is room now. */
  ready(): Promise<void> | undefined;
}

/**
 * Inserts the rows of an iterable in messages of {@linkcode CHUNK_ROWS}. After a chunk that fails no more
 * is read; the chunks before it are written.
 *
 * @returns The number of rows, once they are committed
 */
export async function insertInChunks(
  sender: RowSender,
  table: string,
  rows: Iterable<object> | AsyncIterable<object>,
  { task, ...options }: InsertOptions & { task?: number | undefined } = {},
): Promise<number> {
  let chunk: object[] = [];
  let count = 0;
  let part = 0;
  let failure: { error: unknown } | undefined;
  const underWay = new Set<Promise<void>>();

  const send = async (): Promise<void> => {
    const message = toInsertMessage(table, chunk, options);
    if (task !== undefined) message.task = task;
    if (message.idempotencyKey) message.idempotencyKey.part = part++;
    count += chunk.length;
    chunk = [];
    const sent: Promise<void> = sender.request(message).then(
      () => {},
      (error) => void (failure ??= { error }),
    ).finally(() => underWay.delete(sent));
    underWay.add(sent);
    await sender.ready();
  };

  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length === CHUNK_ROWS) await send();
    if (failure) break;
  }
  if (chunk.length > 0 && !failure) await send();
  await Promise.all(underWay);
  if (failure) throw failure.error;
  return count;
}
