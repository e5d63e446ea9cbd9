/**
 * A wait that can be called off.
 *
 * @module
 */

/** Waits some milliseconds, or until the signal is aborted; either way no timer and no listener is left. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

/** Resolves when the work has settled, or after some milliseconds; either way no timer is left. */
export async function settledWithin(ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const end = () => settled.abort();
  work.then(end, end);
  await delay(ms, settled.signal);
}

/** Resolves after some microtasks. */
export async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}
