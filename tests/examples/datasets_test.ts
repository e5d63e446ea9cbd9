import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { inferTypes } from "../../examples/datasets/infer.ts";
import { load } from "../../examples/datasets/load.ts";
import { quoteName, tableName, uniqueColumns } from "../../examples/datasets/names.ts";
import { type Cell, parseDelimited, parseObjects } from "../../examples/datasets/parse.ts";
import { BROKEN_FILE, openSource, type Source, SOURCES } from "../../examples/datasets/sources.ts";
import { connect } from "../../db.ts";
import { runPipeline, type TaskContext } from "../../mod.ts";
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../support/assert.ts";
import { longTest } from "../support/long_form.ts";
import { TestTerminal } from "../support/pseudo_terminal.ts";
import { tempFolder } from "../support/temp.ts";

/** Rows per table, counted once with the `csv` and `json` modules of Python. */
const ROWS: Record<string, number> = {
  airports: 3_376,
  anscombe: 44,
  barley: 120,
  birdstrikes: 10_000,
  budget: 237,
  budgets: 230,
  burtin: 16,
  cars: 406,
  cities: 171_075,
  co2_concentration: 741,
  countries: 620,
  crimea: 24,
  disasters: 803,
  driving: 55,
  earthquakes: 1_707,
  flare: 252,
  flare_dependencies: 764,
  flights_10k: 10_000,
  flights_200k: 231_083,
  flights_20k: 20_000,
  flights_2k: 2_000,
  flights_5k: 5_000,
  flights_airport: 5_366,
  football: 6_508,
  gapminder: 682,
  gapminder_health_income: 187,
  github: 955,
  global_temp: 144,
  income: 520,
  iowa_electricity: 51,
  jobs: 7_650,
  la_riots: 63,
  londoncentroids: 33,
  lookup_groups: 9,
  lookup_people: 9,
  monarchs: 12,
  movies: 3_201,
  normal_2d: 500,
  obesity: 50,
  ohlc: 44,
  penguins: 344,
  platformer_terrain: 7_514,
  points: 100,
  political_contributions: 58,
  population: 570,
  population_engineers_hurricanes: 52,
  seattle_weather: 1_461,
  seattle_weather_hourly_normals: 8_759,
  sp500: 123,
  sp500_2000: 5_105,
  stocks: 560,
  udistrict: 182,
  unemployment: 3_218,
  unemployment_across_industries: 1_708,
  uniform_2d: 500,
  us_employment: 120,
  us_state_capitals: 50,
  weather: 2_922,
  wheat: 52,
  windvectors: 4_800,
  zipcodes: 42_049,
};

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** An earlier run, of whose table some rows are missing. */
async function leaveOlder(db: string): Promise<void> {
  const items = SOURCES.filter(({ key }) => key === "penguins");
  await runPipeline(items, { db, name: "datasets", run: load });
  using connection = await connect(db);
  connection.exec("DELETE FROM penguins WHERE rowid > 7");
}

Deno.test("datasets demo loads every file but the broken one, over what was loaded before", async (t) => {
  using folder = tempFolder();
  const db = folder.file("datasets.db");
  await leaveOlder(db);

  await t.step("in a terminal it is shown until Ctrl-C", async () => {
    const args = words(["--workers", "2"]);
    await using terminal = await TestTerminal.deno(args, { cwd: folder.path, columns: 120 });
    await terminal.until(() => terminal.raw.includes("until Ctrl-C"));
    const url = terminal.raw.match(/Watch it at (http:\S+)/)![1]!;
    const { runs } = await (await fetch(`${url}api/runs`)).json();
    assertEquals(runs[0].counts.done, 61);
    await terminal.type("\x03");
    assertEquals(await terminal.end(), 0);
    const output = terminal.text.join("\n");
    assertStringIncludes(output, "62 files, 564,784 rows, 61 tables");
    assertMatch(output, /^zipcodes\.csv +42,049 +\d+\.\d\d +done$/m);
    assertMatch(
      output,
      /^Expected failure of broken\.csv: Cannot parse broken\.csv: .* on line 5; /m,
    );
  });

  await t.step("each table has every row of its file, and the history has both runs", async () => {
    assertEquals(await countTables(db), ROWS);
    assertEquals(
      query(db, "SELECT count(*) AS tasks, count(DISTINCT run_id) AS runs FROM task_runs"),
      [{ tasks: SOURCES.length + 1, runs: 2 }],
    );
  });

  await t.step("exactly one task ends as error, with the line at fault", () => {
    const tasks = query(db, "SELECT name, status, message, result FROM task_runs WHERE run_id = 2");
    assertEquals(tasks.length, SOURCES.length);
    const failed = tasks.filter((task) => task.status !== "done");
    assertEquals(failed.map(({ name, status }) => ({ name, status })), [
      { name: BROKEN_FILE, status: "error" },
    ]);
    assertStringIncludes(String(failed[0]!.message), "line 5");
    for (const { result, status } of tasks) {
      if (status !== "done") continue;
      const { table, rows } = JSON.parse(String(result));
      assertEquals(rows, ROWS[table]);
    }
  });

  await t.step("types come from the data", () => {
    assertEquals(query(db, "SELECT * FROM zipcodes LIMIT 1"), [{
      zip_code: "00501",
      latitude: 40.922326,
      longitude: -72.637078,
      city: "Holtsville",
      state: "NY",
      county: "Suffolk",
    }]);
    assertEquals(query(db, "SELECT id, rate FROM unemployment LIMIT 1"), [{
      id: 1001,
      rate: 0.097,
    }]);
    assertEquals(types(db, "flights_200k"), {
      delay: "INTEGER",
      distance: "INTEGER",
      time: "REAL",
    });
    assertEquals(
      query(db, `SELECT count(*) AS n FROM birdstrikes WHERE "Speed IAS in knots" = ''`),
      [{ n: 0 }],
    );
  });
});

longTest("the rows of the files are those that Python counts", async () => {
  assertEquals(await countFiles(), ROWS);
});

Deno.test("datasets demo refuses wrong arguments with exit code 2", async () => {
  for (const args of [["--workers", "0"], ["--workers", "two"], ["--bd", "x.db"]]) {
    const { code, stderr } = await demo(".", args);
    assertEquals(code, 2);
    assertStringIncludes(new TextDecoder().decode(stderr), "Usage: main.ts");
  }
});

Deno.test("SOURCES name every table once and none that pipeloom keeps", () => {
  const tables = SOURCES.map(({ key }) => key);
  assertEquals(new Set(tables).size, tables.length);
  assertEquals(tables.filter((table) => !/^[a-z][a-z0-9_]*$/.test(table)), []);
  assertEquals(tables.filter((table) => /^(task_|pipeline_|sqlite_)/.test(table)), []);
});

Deno.test("load() leaves the table alone when the file is broken", async () => {
  const source = SOURCES.find(({ name }) => name === BROKEN_FILE)!;
  // A context without methods: any call to it would be a TypeError.
  const error = await assertRejects(() => load(source, {} as TaskContext), SyntaxError);
  assertStringIncludes(error.message, "expect 4, got 5 on line 5");
});

Deno.test("parseDelimited() reads a byte order mark, mixed line ends and quoted line breaks", () => {
  const text = '\ufeffa,b\r\n1,"two\nlines, ""quoted"""\n\n3,\r5,6';
  assertEquals(csv(text), {
    columns: ["a", "b"],
    rows: [["1", 'two\nlines, "quoted"'], ["3", null], ["5", "6"]],
  });
  assertEquals(parseDelimited('a\tb\n"1\t2"\t3,4\n', { name: "x.tsv", delimiter: "\t" }).rows, [[
    "1\t2",
    "3,4",
  ]]);
});

Deno.test("parseDelimited() reads a header without rows", () => {
  assertEquals(csv("a,b"), { columns: ["a", "b"], rows: [] });
});

Deno.test("parseDelimited() names the line of a malformed row", () => {
  for (
    const [text, line] of [
      ["a,b\n1,2\n1,2,3\n", "line 3"],
      ["a,b\n1,2\n1\n", "line 3"],
      ['a,b\n"1\n2",3\n"4"5,6\n', "line 4"],
      ['a,b\n1,2\n3,"4', "line 3"],
    ] as const
  ) {
    const error = assertThrows(() => csv(text), SyntaxError);
    assertMatch(error.message, /^Cannot parse x\.csv: /);
    assertStringIncludes(error.message, line);
  }
});

Deno.test("parseDelimited() refuses an empty file", () => {
  for (const text of ["", "\ufeff", "\n\n"]) {
    assertStringIncludes(assertThrows(() => csv(text), SyntaxError).message, "it is empty");
  }
});

Deno.test("parseObjects() gathers the keys of all objects and flattens nested ones", () => {
  const value = [{ a: 1 }, { b: { c: 2, d: [3] }, a: null }, { b_c: 4, b: 5 }];
  assertEquals(parseObjects(value, { name: "x.json" }), {
    columns: ["a", "b_c", "b_d", "b_c_2", "b"],
    rows: [[1, null, null, null, null], [null, 2, [3], null, null], [null, null, null, 4, 5]],
  });
});

Deno.test("parseObjects() refuses anything but an array of objects", () => {
  for (const value of [undefined, {}, [1], [[1]], [null], [], [{}]]) {
    const error = assertThrows(() => parseObjects(value, { name: "x.json" }), TypeError);
    assertMatch(error.message, /^Cannot read x\.json: /);
  }
});

Deno.test("inferTypes() chooses the narrowest type that loses nothing", () => {
  const cases: [Cell[], string, unknown[]][] = [
    [["1", "-20", "0"], "INTEGER", [1, -20, 0]],
    [["1", null, ".5", "-2.50", "1e3"], "REAL", [1, null, 0.5, -2.5, 1000]],
    [["00501", "10001"], "TEXT", ["00501", "10001"]],
    [["1", "+1"], "TEXT", ["1", "+1"]],
    [["1", "-0"], "TEXT", ["1", "-0"]],
    [["9007199254740991"], "INTEGER", [9007199254740991]],
    [["9007199254740993"], "TEXT", ["9007199254740993"]],
    [["1", "1e999"], "TEXT", ["1", "1e999"]],
    [["1", "."], "TEXT", ["1", "."]],
    [["1", " 2"], "TEXT", ["1", " 2"]],
    [["1", "NaN"], "TEXT", ["1", "NaN"]],
    [["true", "FALSE", null], "INTEGER", [1, 0, null]],
    [[true, false], "INTEGER", [1, 0]],
    [["true", "1"], "TEXT", ["true", "1"]],
    [[true, 2], "TEXT", ["true", "2"]],
    [[1, 2.5], "REAL", [1, 2.5]],
    [[1, "2"], "INTEGER", [1, 2]],
    [[1, "b"], "TEXT", ["1", "b"]],
    [[1, ""], "TEXT", ["1", ""]],
    [[[1, 2], 3], "TEXT", ["[1,2]", "3"]],
    [[null, null], "TEXT", [null, null]],
    [[], "TEXT", []],
  ];
  for (const [cells, type, values] of cases) {
    const table = inferTypes({ columns: ["a"], rows: cells.map((cell) => [cell]) });
    assertEquals([table.types, table.rows.flat()], [[type], values]);
  }
});

Deno.test("inferTypes() looks at every value, the last too", () => {
  const rows: Cell[][] = Array.from({ length: 10_000 }, (_, i) => [String(i + 1)]);
  assertEquals(inferTypes({ columns: ["a"], rows: [...rows, ["01"]] }).types, ["TEXT"]);
});

Deno.test("uniqueColumns() leaves no name empty or twice, in any case", () => {
  assertEquals(
    uniqueColumns(["Date", "date", "", " ", "date_2", "Date"]),
    ["Date", "date_2", "column_3", "column_4", "date_2_2", "Date_3"],
  );
  assertEquals(uniqueColumns(["column_2", ""]), ["column_2", "column_2_2"]);
});

Deno.test("tableName() keeps lower-case letters, digits and underscores", () => {
  assertEquals(tableName("flights-200k.json"), "flights_200k");
  assertEquals(tableName("-Ünder 2.5%.csv"), "nder_2_5");
  assertEquals(tableName("7zip.tsv"), "t_7zip");
});

Deno.test("quoteName() doubles quotes", () => {
  assertEquals(quoteName('a "b"'), '"a ""b"""');
});

function csv(text: string) {
  return parseDelimited(text, { name: "x.csv", delimiter: "," });
}

/** Words after `deno run` that start the demo with the permissions of `deno task demo`. */
function words(args: string[]): string[] {
  const main = fileURLToPath(new URL("../../examples/datasets/main.ts", import.meta.url));
  const permissions = [`--allow-read=${ROOT},.`, "--allow-write=.", "--allow-net=127.0.0.1"];
  return [...permissions, main, "--port=0", ...args];
}

/** Runs the demo in a child process. */
function demo(folder: string, args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...words(args)],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
}

function query(db: string, sql: string): Record<string, unknown>[] {
  const connection = new DatabaseSync(db, { readOnly: true });
  try {
    return connection.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    connection.close();
  }
}

function types(db: string, table: string): Record<string, unknown> {
  const columns = query(db, `SELECT name, type FROM pragma_table_info('${table}')`);
  return Object.fromEntries(columns.map(({ name, type }) => [name, type]));
}

/** Counts rows with the `sqlite3` command where there is one: it shares no code with Deno. */
async function countTables(db: string): Promise<Record<string, number>> {
  const sql = Object.keys(ROWS).map((table) =>
    `SELECT '${table}' AS name, count(*) AS n FROM ${table}`
  )
    .join(" UNION ALL ");
  const text = await run("sqlite3", ["-readonly", "-json", db, sql]);
  const counts = text === undefined ? query(db, sql) : JSON.parse(text);
  return Object.fromEntries(counts.map(({ name, n }: Record<string, unknown>) => [name, n]));
}

/** Counts the rows of every file without our parser: JSON by Deno itself, CSV and TSV by Python. */
async function countFiles(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const texts: Record<string, string> = {};
  for (const source of SOURCES) {
    if (source.name === BROKEN_FILE) continue;
    const content = await openSource(source);
    if (typeof content === "string") texts[source.key] = content;
    else counts[source.key] = rowsOf(content, source).length;
  }
  const python = await run("python3", ["-c", COUNT_RECORDS], JSON.stringify(texts));
  const records = python === undefined
    ? Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, countRecords(text)]))
    : JSON.parse(python);
  for (const key in texts) counts[key] = records[key] - 1;
  return counts;
}

function rowsOf(content: unknown, { property }: Source): unknown[] {
  return (property === undefined
    ? content
    : (content as Record<string, unknown>)[property]) as unknown[];
}

// No field of the TSV file holds a comma or a quote, so the delimiter does not matter for counting.
const COUNT_RECORDS = `
import csv, io, json, sys
texts = json.load(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"))
print(json.dumps({k: sum(1 for r in csv.reader(io.StringIO(t, newline="")) if r) for k, t in texts.items()}))
`;

/** Counts the lines that are not empty, taking a line break inside quotes for a part of its line. */
function countRecords(text: string): number {
  let quoted = false, records = 0, filled = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (!quoted && (character === "\n" || character === "\r")) {
      if (filled) records++;
      filled = false;
    } else filled = true;
  }
  return records + (filled ? 1 : 0);
}

/** Runs a program of the machine; `undefined` if it is not there or not usable. */
async function run(program: string, args: string[], input = ""): Promise<string | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" })
      .spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const output = child.output();
  await new Response(input).body!.pipeTo(child.stdin);
  const { success, stdout } = await output;
  return success ? new TextDecoder().decode(stdout) : undefined;
}
