import { writeAllSync, writeTextSync } from "../../internal/write_all.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

/** Takes at most `most` bytes a call, and nothing at every second one. */
function slowEnd(most: number) {
  const taken: number[] = [];
  let calls = 0;
  return {
    taken,
    writeSync(bytes: Uint8Array): number {
      if (++calls % 2 === 0) throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
      taken.push(...bytes.subarray(0, most));
      return Math.min(most, bytes.length);
    },
  };
}

Deno.test("writeAllSync() writes every byte to an end that takes few at a time and is behind", () => {
  const end = slowEnd(3);
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);
  writeAllSync(end, bytes);
  assertEquals(end.taken, [...bytes]);
});

Deno.test("writeTextSync() writes all of a text as UTF-8", () => {
  const end = slowEnd(2);
  writeTextSync(end, "Ærø – ok");
  assertEquals(new TextDecoder().decode(Uint8Array.from(end.taken)), "Ærø – ok");
});

Deno.test("writeAllSync() throws what is no reason to wait", () => {
  const gone = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  assertThrows(() => writeAllSync(gone, new Uint8Array(1)), Deno.errors.BrokenPipe);
});
