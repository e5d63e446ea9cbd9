/**
 * Waits for what nobody tells of, such as the size of a file.
 *
 * @module
 */

/** Milliseconds between two looks. */
const LOOK_MS = 2;

/** Resolves when it is so. Whether that takes too long is for the test's time limit to say. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
