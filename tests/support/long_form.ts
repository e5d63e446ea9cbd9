/**
 * How long the tests of faults are, and from which seed: `PIPELOOM_FAULTS` is the number of kills, which
 * `deno task test:faults` sets; `PIPELOOM_SEED` is the seed that a test printed.
 *
 * @module
 */

const FAULTS = Deno.env.get("PIPELOOM_FAULTS");

/** Whether the long form is asked for, with `deno task test:faults`. */
export const IS_LONG = FAULTS !== undefined;

/** Registers a test by its name. */
type Register = (name: string, fn: () => void | Promise<void>) => void;

/** Registers a test that only the long form runs; the suite counts it as ignored. */
export const longTest: Register = (name, fn) => Deno.test({ name, ignore: !IS_LONG, fn });

/** What registers one of several variants of a fault: the suite runs those that stand for the others. */
export const variantTest = (isInSuite: boolean): Register => isInSuite ? Deno.test : longTest;

/** How often pipelines are killed. */
export const KILLS = Number(FAULTS ?? 3);

/** The seed of random instants. */
export const SEED = Number(Deno.env.get("PIPELOOM_SEED") ?? Date.now() % 1e6);
