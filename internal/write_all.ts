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

/** Bytes that a pipe takes as a whole or not at all (`PIPE_BUF` of Linux; POSIX promises 512). */
const PIPE_BYTES = Deno.build.os === "linux" ? 4_096 : 512;

/** Bytes that the standard output of the runtime keeps for the next call (`LineWriter` of Rust). */
const KEPT_BYTES = 1_024;

const NEWLINE = 10;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of the bytes, and waits for an end that is behind. */
export function writeAllSync(writer: SyncWriter, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    at += tryWrite(writer, bytes.subarray(at)) ?? 0;
  }
}

/** Writes all of a text. */
export function writeTextSync(writer: SyncWriter, text: string): void {
  const bytes = new TextEncoder().encode(text);
  if (writer !== Deno.stdout) writeAllSync(writer, bytes);
  else writeAllBuffered(writer, bytes, Deno.stdout.isTerminal() ? Infinity : PIPE_BYTES);
}

/**
 * Writes all of the bytes to a writer that is buffered as `Deno.stdout` is. That throws `WouldBlock` after it has taken
 * some of the bytes, and does not report how many. So it gets `pieces` of which it takes all or nothing:
 *
 * - What ends with a line goes to the pipe at once, which takes all or nothing of it.
 * - So does what has no line's end and does not fit the buffer.
 * - The rest is kept in the buffer, and then an empty write sends it.
 *
 * A terminal is given all at once, so that a frame is one write; where it has lines and does not block, which hardly
 * any does, a part may come twice.
 */
export function writeAllBuffered(
  writer: SyncWriter,
  bytes: Uint8Array,
  pieces: number = PIPE_BYTES,
): void {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at, Math.min(bytes.length, at + pieces));
    const line = rest.lastIndexOf(NEWLINE) + 1;
    const piece = line > 0 ? rest.subarray(0, line) : rest;
    const taken = tryWrite(writer, piece);
    const isKept = line === 0 && piece.length < KEPT_BYTES;
    if (taken === undefined && isKept) {
      while (tryWrite(writer, new Uint8Array()) === undefined);
      at += piece.length;
    } else {
      at += taken ?? 0;
    }
  }
}

/** How many bytes were written; `undefined` after a wait for an end that is behind. */
function tryWrite(writer: SyncWriter, bytes: Uint8Array): number | undefined {
  try {
    return writer.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(never, 0, 0, FULL_PIPE_MS);
    return undefined;
  }
}
