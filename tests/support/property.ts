/**
 * Property tests with `fast-check`: how many runs, and from which seed.
 *
 * The suite tries half of the runs that a test names; the seed is kept, so that each run of it has the same result, and
 * `PIPELOOM_SEED` replaces it. `PIPELOOM_FAULTS` makes the tests longer, a tenth as many times, over a seed of its own
 * each time. The seed is printed, and so is the shortest counterexample when there is one: it is added to the examples of
 * its test.
 *
 * @module
 */
import fc from "fast-check";
import { IS_LONG, KILLS } from "./long_form.ts";

/** How much longer a test runs than it names. */
const TIMES = IS_LONG ? Math.max(1, KILLS / 10) : 0.5;

const SEED = Number(Deno.env.get("PIPELOOM_SEED") ?? (IS_LONG ? Date.now() % 1e9 : 20_261_122));

/** Options of {@linkcode check}. */
export interface CheckOptions<T> {
  /** Inputs to be tried, of which the suite tries half. */
  runs: number;
  /** Inputs that found something once. */
  examples?: T[];
}

/** Tries a property with random inputs; throws the shortest one that it finds to fail, and the seed. */
export async function check<T>(
  arbitrary: fc.Arbitrary<T>,
  body: (input: T) => void | Promise<void>,
  { runs, examples = [] }: CheckOptions<T>,
): Promise<void> {
  const numRuns = Math.ceil(runs * TIMES) + examples.length;
  if (TIMES > 1) console.log(`${numRuns} inputs, seed ${SEED}`);
  await fc.assert(fc.asyncProperty(arbitrary, async (input) => await body(input)), {
    seed: SEED,
    numRuns,
    examples: examples.map((input): [T] => [input]),
  });
}
