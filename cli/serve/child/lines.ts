/**
 * The lines of a stream.
 *
 * @module
 */

/** Characters after which a line is cut: what is printed without an end must not fill the memory. */
const MAX_LINE = 1 << 20;

/** The lines of a stream, without their ends; the last may have none. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    yield* lines;
    if (text.length > MAX_LINE) {
      yield text;
      text = "";
    }
  }
  if (text !== "") yield text;
}
