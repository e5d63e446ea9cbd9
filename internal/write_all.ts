/**
 * Writes bytes whole: one call of the system may take only a part of them, and a pipe that does not block none.
 *
 * @module
 */

/** What bytes are written to, such as `Deno.stdout` or a file. */
export interface SyncWriter {
  /** Writes as much as it takes and returns how much that was. */
  writeSync(bytes: Uint8Array): number;
}

/** Milliseconds between two tries where the other end is behind. */
const FULL_PIPE_MS = 2;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of the bytes, and waits for an end that is behind. */
export function writeAllSync(writer: SyncWriter, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writer.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(never, 0, 0, FULL_PIPE_MS);
    }
  }
}

/** Writes all of a text. */
export function writeTextSync(writer: SyncWriter, text: string): void {
  writeAllSync(writer, new TextEncoder().encode(text));
}
