/**
 * Waits for what no event announces, such as the size of a file.
 *
 * @module
 */

/** Milliseconds between two looks. */
const LOOK_MS = 2;

/** Milliseconds after which it will not come any more, on the slowest machine. */
const LIMIT_MS = 120_000;

/** Resolves when it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > end) {
      throw new Error(`Waited ${LIMIT_MS} ms without success until ${isSo}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
