/**
 * How long the tests of faults are, and from which seed: `PIPELOOM_FAULTS` is the number of kills, which
 * `deno task test:faults` sets; `PIPELOOM_SEED` is the seed that a test printed.
 *
 * @module
 */

const FAULTS = Deno.env.get("PIPELOOM_FAULTS");

/** Whether the long form is asked for, with `deno task test:faults`. */
export const IS_LONG = FAULTS !== undefined;

/** How often pipelines are killed. */
export const KILLS = Number(FAULTS ?? 3);

/** The seed of random instants. */
export const SEED = Number(Deno.env.get("PIPELOOM_SEED") ?? Date.now() % 1e6);
