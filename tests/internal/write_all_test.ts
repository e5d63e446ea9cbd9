import { writeAllBuffered, writeAllSync, writeTextSync } from "../../internal/write_all.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { Random } from "../support/random.ts";

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

Deno.test("writeAllSync() throws what is not a reason to wait", () => {
  const gone = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  assertThrows(() => writeAllSync(gone, new Uint8Array(1)), Deno.errors.BrokenPipe);
});

/** The standard output as Rust buffers it by lines, before a pipe that does not block and is read now and then. */
class BufferedPipe {
  readonly read: number[] = [];
  #pipe: number[] = [];
  #kept: number[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  writeSync(bytes: Uint8Array): number {
    if (this.#random.below(3) === 0) this.#drain(this.#random.below(9_000));
    const line = bytes.lastIndexOf(10) + 1;
    if (line === 0) {
      if (this.#kept.length + bytes.length < 1_024) this.#kept.push(...bytes);
      else {
        this.#flush();
        return this.#send(bytes);
      }
      this.#flush();
      return bytes.length;
    }
    this.#flush();
    const sent = this.#send(bytes.subarray(0, line));
    const tail = bytes.subarray(sent, Math.min(sent < line ? line : bytes.length, sent + 1_024));
    this.#kept.push(...tail);
    this.#flush();
    return sent + tail.length;
  }

  finish(): number[] {
    this.#drain(Infinity);
    return this.read;
  }

  #drain(count: number): void {
    this.read.push(...this.#pipe.splice(0, count));
  }

  #flush(): void {
    while (this.#kept.length > 0) this.#kept.splice(0, this.#send(Uint8Array.from(this.#kept)));
  }

  /** What is longer than 4,096 bytes is taken in part. */
  #send(bytes: Uint8Array): number {
    const room = 10_000 - this.#pipe.length;
    if (bytes.length <= 4_096 ? room < bytes.length : room === 0) {
      throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
    }
    const taken = bytes.subarray(0, room);
    this.#pipe.push(...taken);
    return taken.length;
  }
}

Deno.test("writeAllBuffered() writes each byte once to an end that throws after it has taken some", () => {
  const random = new Random(3);
  for (let round = 0; round < 20; round++) {
    const pipe = new BufferedPipe(random);
    const written: number[] = [];
    for (let i = 0; i < 5; i++) {
      const bytes = Uint8Array.from(
        { length: random.below(20_000) },
        () => random.below(round % 2 === 0 ? 100 : 3_000) === 0 ? 10 : 65 + random.below(26),
      );
      writeAllBuffered(pipe, bytes, 4_096);
      written.push(...bytes);
    }
    assertEquals(pipe.finish(), written);
  }
});
