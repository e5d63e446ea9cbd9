/**
 * A process whose clock is slow, by libfaketime.
 *
 * @module
 */
import { assert } from "./assert.ts";

/**
 * The environment in which a process asks the library for the time, which is a number of seconds behind (negative:
 * ahead): at once, or
 * only after some seconds. Waits are not changed by it. (A file with the time, which could be changed at will, it
 * reads in each thread, and breaks down now and then.)
 */
export async function slowClock(
  behindSeconds: number,
  afterSeconds?: number,
): Promise<Record<string, string>> {
  const args = ["-m", "--exclude-monotonic", "-f", "+0", "printenv", "LD_PRELOAD"];
  const { stdout } = await new Deno.Command("faketime", { args }).output();
  const library = new TextDecoder().decode(stdout).trim();
  assert(
    library.includes("libfaketime"),
    `faketime does not show where its library is: ${library}`,
  );
  return {
    LD_PRELOAD: library,
    FAKETIME: behindSeconds < 0 ? `+${-behindSeconds}` : `-${behindSeconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    ...(afterSeconds && { FAKETIME_START_AFTER_SECONDS: `${afterSeconds}` }),
  };
}
