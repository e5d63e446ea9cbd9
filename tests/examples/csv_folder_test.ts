import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runExample } from "../support/example_run.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("examples/csv_folder.ts loads a folder, and brings it up to date the next time", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("readings"));
  const write = (name: string, lines: string[]) =>
    Deno.writeTextFileSync(
      folder.file(`readings/${name}`),
      `station,day,celsius\n${lines.join("\n")}\n`,
    );
  const days = Array.from({ length: 2_500 }, (_, i) => `Oslo,day ${i},${i / 10}`);
  write("oslo.csv", days);
  write("bergen.csv", ["Bergen,day 1,7.5", '"Bergen, harbour",day 1,8']);
  write("broken.csv", [...days.map((line) => line.replace("Oslo", "Narvik")), "Narvik,day x,warm"]);
  Deno.writeTextFileSync(folder.file("readings/notes.txt"), "no table");
  const printed = await runExample("csv_folder.ts", { cwd: folder.path, code: 1 });
  assertStringIncludes(printed, "done: 2, error: 1");
  assertStringIncludes(
    printed,
    'broken.csv: Line 2502 of readings/broken.csv: "warm" is no temperature',
  );
  const db = folder.file("readings.db");
  const counts =
    "SELECT station, count(*), sum(celsius) FROM reading GROUP BY station ORDER BY station";
  const wanted = [["Bergen", 1, 7.5], ["Bergen, harbour", 1, 8], ["Oslo", 2_500, 312_375]];
  assertEquals(await readValues(db, counts), wanted);

  write("bergen.csv", ["Bergen,day 1,9", "Bergen,day 2,1"]);
  write("broken.csv", ["Narvik,day 1,-5"]);
  await runExample("csv_folder.ts", { cwd: folder.path });
  assertEquals(await readValues(db, counts), [
    ["Bergen", 2, 10],
    ["Bergen, harbour", 1, 8],
    ["Narvik", 1, -5],
    ["Oslo", 2_500, 312_375],
  ]);
});
