/**
 * Large answers, one at a time: each is held in memory until it has been taken, and browsers take as long as they
 * like.
 *
 * @module
 */

/** Characters of a part that is sent. */
const PART_CHARACTERS = 256 * 1024;

/** Milliseconds after which a browser that takes nothing more is given up. */
const STALLED_MS = 30_000;

/** Whether a large answer is being made or taken. */
export class OneAtATime {
  #isBusy = false;

  /** Begins an answer; `undefined` while there is another. Dispose of what is returned when it is over. */
  begin(): Disposable | undefined {
    if (this.#isBusy) return;
    this.#isBusy = true;
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (!isOver) this.#isBusy = false;
        isOver = true;
      },
    };
  }
}

/** Work that takes much memory for a moment: each waits until the one before has ended. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  /** Does work in its turn, unless its request was closed by then. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Texts in parts, as they are taken; `over` is disposed of at the end, or when the browser goes or stalls. */
export function toParts(
  texts: Iterable<string>,
  over: Disposable,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const parts = cut(texts);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    clearTimeout(timer);
    parts.return();
    over[Symbol.dispose]();
  };
  return new ReadableStream({
    pull(controller) {
      clearTimeout(timer);
      const { done, value } = parts.next();
      if (done) {
        controller.close();
        return end();
      }
      controller.enqueue(encoder.encode(value));
      timer = setTimeout(() => {
        end();
        controller.error(new Error("The export was not taken in time"));
      }, STALLED_MS);
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** Short texts are put together, and long ones cut, though not between the two halves of a pair of surrogates. */
function* cut(texts: Iterable<string>): Generator<string, void> {
  let part = "";
  for (const text of texts) {
    part += text;
    while (part.length > PART_CHARACTERS) {
      let next = PART_CHARACTERS;
      if (/[\ud800-\udbff]/.test(part[next - 1]!)) next++;
      yield part.slice(0, next);
      part = part.slice(next);
    }
  }
  if (part !== "") yield part;
}
