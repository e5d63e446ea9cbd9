import { cleanLine } from "../../internal/terminal_text.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Random } from "../support/random.ts";

Deno.test("cleanLine() leaves ordinary text of any language as it is", () => {
  for (const text of ["", "a b-c", "naïve Ωmega", "日本語", "🙂 ok", "שלום"]) {
    assertEquals(cleanLine(text), text);
  }
});

Deno.test("cleanLine() takes terminal sequences away with their arguments", () => {
  const hostile = [
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[1;1Hred",
    "\x1b]0;a new title\x07red",
    "\x1b]8;;https://example.com\x1b\\red\x1b]8;;\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\red",
    "\x1bcred\x1b7",
    "\x9b31mred",
    "\x9d0;a new title\x9cred",
  ];
  for (const text of hostile) assertEquals(cleanLine(text), "red", JSON.stringify(text));
});

Deno.test("cleanLine() shows controls, and leaves out what turns a text round or is not seen", () => {
  assertEquals(cleanLine("two\nlines\r\nthree\rfour\x07\x7f\x85"), "two␊lines␊three␍four␇␡�");
  assertEquals(cleanLine("a\tb"), "a b");
  assertEquals(cleanLine("e\u0301 👍🏽"), "é 👍");
  assertEquals(cleanLine("user\u202egnp.exe\u2066\u200b\u2028x\ufeff"), "usergnp.exex");
});

Deno.test("cleanLine() lets nothing through, whatever comes together", () => {
  const random = new Random(7);
  const parts = [
    "\x1b",
    "[",
    "]",
    "2J",
    "\x07",
    "\\",
    "\x9b",
    "\n",
    "\u202e",
    "a",
    "\x1b[",
    "P",
    "\ud800",
  ];
  for (let round = 0; round < 5_000; round++) {
    const text = Array.from({ length: 8 }, () => parts[random.below(parts.length)]).join("");
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(cleanLine(text)), JSON.stringify(text));
  }
});
