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
    'broken.csv: Line 2502 of readings/broken.csv: "warm" is not a temperature',
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

Deno.test("examples/csv_folder.ts takes or refuses each odd file, naming its line", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("readings"));
  const head = "station,day,celsius\n";
  const files: [string, string | Uint8Array, string | undefined][] = [
    [
      "blank.csv",
      `${head}Oslo,1,7\nOslo,2, \n`,
      "Line 3 of readings/blank.csv: celsius is blank",
    ],
    ["noname.csv", `${head},1,7\n`, "Line 2 of readings/noname.csv: station is blank"],
    ["hex.csv", `${head}Oslo,1,0x10\n`, '"0x10" is not a temperature'],
    ["infinite.csv", `${head}Oslo,1,1e999\n`, '"1e999" is not a temperature'],
    [
      "latin1.csv",
      new Uint8Array([...new TextEncoder().encode(head), 0xd8, 44, 49, 44, 55, 10]),
      "not UTF-8",
    ],
    [
      "twice.csv",
      "station,day,celsius,celsius\nOslo,1,7,8\n",
      "Line 1 of readings/twice.csv: the columns are",
    ],
    ["lacking.csv", "station,day\nOslo,1\n", "expected station, day, celsius, each once"],
    ["long.csv", `${head}Oslo,1,7,8\n`, "Invalid Record Length"],
    ["empty.csv", "", "Line 1 of readings/empty.csv: the file is empty"],
    ["CAPITALS.CSV", `${head}Bodø,1,-1.5e1\n`, undefined],
    ["bom.csv", `\ufeffday,celsius,station\n2, 3.5 ,Bodø\n`, undefined],
    ["none.csv", head, undefined],
  ];
  for (const [name, content] of files) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(folder.file(`readings/${name}`), bytes);
  }
  const printed = await runExample("csv_folder.ts", { cwd: folder.path, code: 1 });
  assertStringIncludes(printed, "done: 3, error: 9");
  for (const [, , reason] of files) if (reason) assertStringIncludes(printed, reason);
  assertEquals(await readValues(folder.file("readings.db"), "SELECT * FROM reading ORDER BY day"), [
    ["Bodø", "1", -15],
    ["Bodø", "2", 3.5],
  ]);
});
