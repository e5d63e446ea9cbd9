import { cleanText, cutText } from "../../../dashboard/client/lib/clean_text.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("cleanText() leaves ordinary texts alone", () => {
  for (const text of ["", "Zürich – 東京 🧵", "a\tb\nc", "<script>alert(1)</script>", "שלום"]) {
    assertEquals(cleanText(text), text);
  }
});

Deno.test("cleanText() removes terminal escapes", () => {
  assertEquals(cleanText("\x1b[31;1mred\x1b[0m"), "red");
  assertEquals(cleanText("\x1b[38;2;1;2;3mtrue\x1b[m colour"), "true colour");
  assertEquals(cleanText("\x9b31mone byte"), "one byte");
  assertEquals(cleanText("\x1b]8;;http://evil/\x07link\x1b]8;;\x07"), "link");
  assertEquals(cleanText("\x1b]0;title\x1b\\after"), "after");
  assertEquals(cleanText("\x1b[2J\x1b[Hcleared"), "cleared");
});

Deno.test("cleanText() shows what would not be seen", () => {
  assertEquals(cleanText("a\0b"), "a␀b");
  assertEquals(cleanText("50%\r100%"), "50%␍100%");
  assertEquals(cleanText("line\r\nline"), "line\nline");
  assertEquals(cleanText("\x7f"), "␡");
  assertEquals(cleanText("\x85"), "\ufffd");
  assertEquals(cleanText("lone \x1b"), "lone ␛");
});

Deno.test("cleanText() names every bidi control", () => {
  assertEquals(cleanText("exe\u202etxt.gpj"), "exe‹RLO›txt.gpj");
  const controls = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
  for (const control of controls) {
    assertEquals(
      /^‹[A-Z]{3}›$/.test(cleanText(control)),
      true,
      control.codePointAt(0)?.toString(16),
    );
  }
});

Deno.test("cleanText() takes no more than a moment for hundreds of kilobytes of anything", () => {
  for (const part of ["\x1b", "\x1b]", "\x1b[", "\x1bP", "\x1b[0", "\u202e"]) {
    const started = performance.now();
    cleanText(part.repeat(300_000 / part.length));
    const took = performance.now() - started;
    // A pattern that starts again at each character would take an hour.
    assert(took < 30_000, `${JSON.stringify(part)} took ${took} ms`);
  }
});

Deno.test("cutText() cuts where no character is torn", () => {
  assertEquals(cutText("abc", 3), "abc");
  assertEquals(cutText("abcd", 3), "abc…");
  assertEquals(cutText("ab🧵", 3), "ab…");
  assertEquals(cutText("a🧵b", 3), "a🧵…");
});
