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

/** A text in parts, as they are taken; `over` is disposed of at the end, or when the browser goes or stalls. */
export function toParts(text: string, over: Disposable): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    clearTimeout(timer);
    text = "";
    over[Symbol.dispose]();
  };
  return new ReadableStream({
    pull(controller) {
      clearTimeout(timer);
      if (at >= text.length) {
        controller.close();
        return end();
      }
      let next = Math.min(text.length, at + PART_CHARACTERS);
      // Not between the two halves of a pair of surrogates.
      if (/[\ud800-\udbff]/.test(text[next - 1]!) && next < text.length) next++;
      controller.enqueue(encoder.encode(text.slice(at, next)));
      at = next;
      timer = setTimeout(() => {
        end();
        controller.error(new Error("The export was not taken in time"));
      }, STALLED_MS);
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
