import { canDraw, chooseColor, wantsColor, writeWhole } from "../../internal/terminal.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const NAMES = ["CI", "TERM", "NO_COLOR", "FORCE_COLOR"];

function stream(isTerminal: boolean, fail?: Error) {
  return {
    isTerminal: () => isTerminal,
    writeSync(bytes: Uint8Array): number {
      if (fail) throw fail;
      return bytes.length;
    },
  };
}

/** Calls a function with these variables alone. */
function withEnv<T>(env: Record<string, string>, call: () => T): T {
  const before = NAMES.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of NAMES) {
      const value = env[name];
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    return call();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("canDraw() is true of a terminal that can move its cursor, and not of that of a CI job", () => {
  const draws = (env: Record<string, string>) => withEnv(env, () => canDraw(stream(true)));
  assertEquals([{}, { CI: "" }, { CI: "false" }, { CI: "0" }, { TERM: "xterm" }].map(draws), [
    true,
    true,
    true,
    true,
    true,
  ]);
  assertEquals([{ CI: "true" }, { CI: "1" }, { CI: "woodpecker" }, { TERM: "dumb" }].map(draws), [
    false,
    false,
    false,
    false,
  ]);
  assert(!withEnv({}, () => canDraw(stream(false))));
});

// NO_COLOR is what the process was started with.
Deno.test("wantsColor() follows FORCE_COLOR, then the terminal; a choice wins over both", {
  ignore: Deno.noColor,
}, () => {
  const wants = (env: Record<string, string>, isTerminal: boolean) =>
    withEnv(env, () => wantsColor(stream(isTerminal)));
  assertEquals([wants({}, true), wants({}, false)], [true, false]);
  assertEquals([wants({ TERM: "dumb" }, true), wants({ FORCE_COLOR: "" }, false)], [false, false]);
  assertEquals([wants({ CI: "1" }, true), wants({ CI: "1", FORCE_COLOR: "1" }, true)], [
    false,
    true,
  ]);
  assertEquals([wants({ FORCE_COLOR: "1" }, false), wants({ FORCE_COLOR: "3" }, false)], [
    true,
    true,
  ]);
  assertEquals([wants({ FORCE_COLOR: "0" }, true), wants({ FORCE_COLOR: "false" }, true)], [
    false,
    false,
  ]);
  try {
    chooseColor(true);
    assert(wants({ FORCE_COLOR: "0" }, false));
    chooseColor(false);
    assert(!wants({ FORCE_COLOR: "1" }, true));
  } finally {
    chooseColor(undefined);
  }
});

Deno.test("writeWhole() returns that its reader is gone, and throws every other error", () => {
  assert(writeWhole(stream(false), "text"));
  assert(!writeWhole(stream(false, new Deno.errors.BrokenPipe("gone")), "text"));
  assert(!writeWhole(stream(true, new Error("Input/output error (os error 5)")), "text"));
  const full = stream(false, new Error("No space left on device (os error 28)"));
  assertThrows(() => writeWhole(full, "text"), Error, "No space left");
});
