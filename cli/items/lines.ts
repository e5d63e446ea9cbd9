/**
 * Lines of a file or of the standard input, each as soon as it is there.
 *
 * @module
 */

/** Yields the lines of UTF-8 text without their ends, and without the mark before the first. */
export async function* readLines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  // The mark is content anywhere but at the beginning.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  const toText = (line: Uint8Array): string => {
    number++;
    try {
      const text = decoder.decode(line);
      return number === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
    } catch {
      throw new TypeError(`line ${number} is not UTF-8 text`);
    }
  };
  let parts: Uint8Array[] = [];
  for await (const chunk of bytes) {
    let from = 0;
    for (let end; (end = chunk.indexOf(10, from)) >= 0; from = end + 1) {
      parts.push(chunk.subarray(from, end));
      yield toText(joined(parts));
      parts = [];
    }
    // A copy: the stream may use the chunk again.
    if (from < chunk.length) parts.push(chunk.slice(from));
  }
  if (parts.length > 0) yield toText(joined(parts));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
