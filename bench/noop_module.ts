/**
 * The task of the pool's benchmark.
 *
 * @module
 */

/** Does nothing. */
export function nothing(): void {}
