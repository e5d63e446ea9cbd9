import { PinnedRows } from "../../../pipeline/observers/progress/pinned_rows.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Emulator } from "../../support/emulator.ts";
import { Random } from "../../support/random.ts";

Deno.test("PinnedRows keeps all that anything prints whole above the lines, without any notice", async () => {
  const random = new Random(7);
  for (let round = 0; round < 30; round++) {
    const size = { columns: 40, rows: 8 };
    using emulator = new Emulator(size.rows, size.columns);
    const area = new PinnedRows(emulator.write);
    emulator.write("above\n".repeat(random.below(12)));
    let printed = "";
    let drawn: string[] = [];
    for (let step = 0; step < 40; step++) {
      if (random.below(3) > 0) {
        // Parts of lines, several lines, and lines that the terminal folds.
        const text = random.pick([
          `a${step}\n`,
          `b${step}…`,
          "c\nd\n\ne\n",
          "x".repeat(57) + "\n",
          "日本\n",
        ]);
        printed += text;
        emulator.write(text);
      } else {
        drawn = Array.from(
          { length: random.below(4) + 1 },
          (_, i) => `${random.pick(["\x1b[36m━━\x1b[0m", "日本", "x"])} ${step}.${i}`,
        );
        area.draw(drawn, size);
      }
    }
    area.draw(drawn, size);
    const { above, rows } = await emulator.screen();
    // deno-lint-ignore no-control-regex
    const plain = drawn.map((line) => line.replace(/\x1b\[\d+m/g, ""));
    assertEquals(rows.slice(rows.length - plain.length), plain);
    area.erase();
    const left = await emulator.screen();
    const lines = [...left.above, ...left.rows].join("\n").trimEnd().split("\n")
      .filter((line) => line !== "above");
    const folded = printed.split("\n").flatMap((line) => line.match(/.{1,40}/g) ?? [""]);
    assertEquals(lines, folded.join("\n").trimEnd().split("\n"));
    assert(!above.join().includes("━"));
  }
});

Deno.test("PinnedRows leaves no line of its own behind when the window changes its size", async () => {
  for (const [columns, rows] of [[40, 20], [200, 50], [60, 6], [30, 24]] as const) {
    using emulator = new Emulator(24, 80);
    const area = new PinnedRows(emulator.write);
    const lines = Array.from({ length: 8 }, (_, i) => `bar ${i} ${"━".repeat(20)}`);
    emulator.write("print\n".repeat(40));
    area.draw(lines, { columns: 80, rows: 24 });
    await emulator.lines();
    emulator.terminal.resize(columns, rows);
    const shown = lines.slice(0, Math.floor(rows / 2)).map((line) => line.slice(0, columns - 1));
    area.draw(shown, { columns, rows });
    emulator.write("print\n".repeat(40));
    assertEquals(await emulator.lines(), [...Array(80).fill("print"), ...shown]);
    area.erase();
    assertEquals(await emulator.lines(), Array(80).fill("print"));
  }
});

Deno.test("PinnedRows cuts a line that the terminal takes for wider, and lets others wrap again", async () => {
  using emulator = new Emulator(8, 20);
  const area = new PinnedRows(emulator.write);
  for (let frame = 0; frame < 3; frame++) {
    area.draw(["x".repeat(50), `frame ${frame}`], { columns: 20, rows: 8 });
  }
  emulator.write("y".repeat(30));
  assertEquals(await emulator.lines(), ["y".repeat(20), "y".repeat(10), "x".repeat(20), "frame 2"]);
});
