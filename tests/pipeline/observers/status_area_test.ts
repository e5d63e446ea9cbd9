import { StatusArea } from "../../../pipeline/observers/progress/status_area.ts";
import { assertEquals } from "../../support/assert.ts";
import { Emulator } from "../../support/emulator.ts";
import { Random } from "../../support/random.ts";

Deno.test("StatusArea shows the last lines drawn, below all that was printed, in any order of both", async () => {
  const random = new Random(11);
  for (let round = 0; round < 30; round++) {
    using emulator = new Emulator(8, 40);
    const area = new StatusArea(emulator.write);
    const printed: string[] = [];
    let drawn: string[] = [];
    for (let step = 0; step < 40; step++) {
      if (random.below(3) === 0) {
        area.erase(40);
        drawn = [];
        printed.push(`print ${step}`);
        emulator.write(`print ${step}\n`);
      } else {
        drawn = Array.from(
          { length: random.below(7) + 1 },
          (_, i) => `${random.pick(["\x1b[36m━━\x1b[0m", "日本", "x"])} ${step}.${i}`,
        );
        area.draw(drawn, 40);
      }
      // deno-lint-ignore no-control-regex
      const plain = drawn.map((line) => line.replace(/\x1b\[\d+m/g, ""));
      assertEquals(await emulator.lines(), [...printed, ...plain]);
    }
  }
});

Deno.test("StatusArea cuts a line that the terminal takes for wider than we do", async () => {
  using emulator = new Emulator(8, 20);
  const area = new StatusArea(emulator.write);
  for (let frame = 0; frame < 5; frame++) area.draw(["x".repeat(50), `frame ${frame}`], 80);
  assertEquals(await emulator.lines(), ["x".repeat(20), "frame 4"]);
  // Whatever follows wraps again.
  area.erase(80);
  emulator.write("y".repeat(30));
  assertEquals(await emulator.lines(), ["y".repeat(20), "y".repeat(10)]);
});

Deno.test("StatusArea finds its lines again that were folded because the terminal became narrower", async () => {
  using emulator = new Emulator(12, 60);
  const area = new StatusArea(emulator.write);
  emulator.write("above\n");
  area.draw(["a".repeat(50), "b".repeat(50), "c".repeat(50)], 60);
  await emulator.lines();
  emulator.terminal.resize(30, 12);
  area.draw(["a".repeat(20), "c".repeat(20)], 30);
  assertEquals(await emulator.lines(), ["above", "a".repeat(20), "c".repeat(20)]);
});
