import { aroundConsole } from "../../../pipeline/observers/progress/console.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

/** Puts a `console.log` in place that notes what it gets, until it is disposed. */
function noteLogs(notes: string[]): Disposable {
  const { log } = console;
  console.log = (text: unknown) => void notes.push(`${text}`);
  return { [Symbol.dispose]: () => void (console.log = log) };
}

Deno.test("aroundConsole() calls before and after what is printed, and gives console back", () => {
  const notes: string[] = [];
  using _ = noteLogs(notes);
  {
    using _ = aroundConsole(() => notes.push("before"), () => notes.push("after"));
    console.log("one");
  }
  console.log("two");
  assertEquals(notes, ["before", "one", "after", "two"]);
});

Deno.test("aroundConsole() counts a method that calls another as one", () => {
  const notes: string[] = [];
  using _ = noteLogs(notes);
  const { info } = console;
  console.info = (text) => console.log(`info ${text}`);
  {
    using _ = aroundConsole(() => notes.push("before"), () => notes.push("after"));
    console.info("one");
  }
  console.info = info;
  assertEquals(notes, ["before", "info one", "after"]);
});

Deno.test("aroundConsole() comes after even when printing throws", () => {
  const notes: string[] = [];
  using _ = noteLogs([]);
  console.log = () => {
    throw new TypeError("Not printed");
  };
  using _around = aroundConsole(() => notes.push("before"), () => notes.push("after"));
  assertThrows(() => console.log("one"), TypeError, "Not printed");
  assertEquals(notes, ["before", "after"]);
});

Deno.test("aroundConsole() leaves alone what another library has put around it", () => {
  const notes: string[] = [];
  using _ = noteLogs(notes);
  const around = aroundConsole(() => notes.push("before"), () => notes.push("after"));
  const ours = console.log;
  const theirs = (text: unknown) => ours(`theirs: ${text}`);
  console.log = theirs;
  around[Symbol.dispose]();
  assertEquals(console.log, theirs);
});
