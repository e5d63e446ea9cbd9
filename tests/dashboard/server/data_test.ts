import { assertEquals, assertMatch } from "../../support/assert.ts";
import type {
  Comparison,
  DataRows,
  DataTables,
  DataValue,
  RunGrid,
  RunPage,
  RunRows,
  TaskDetail,
} from "../../../dashboard/mod.ts";
import { end, start } from "../../writer/worker/store_fixture.ts";
import type { InsertMessage } from "../../../writer/protocol/write_message.ts";
import { addRun, show, type Shown } from "../fixture.ts";

/** Rows of one column. */
function rows(task: number, table: string, ...values: number[]): InsertMessage {
  return { kind: "insert", table, columns: null, values, width: 1, task };
}

Deno.test("GET rows and a task have the rows that were written, a comparison those of both runs", async () => {
  using shown = await show();
  const { store } = shown;
  store.connection.exec(`CREATE TABLE city (n); CREATE TABLE "<b>" (n)`);
  for (const count of [1, 3]) {
    const { run, ids: [id] } = store.startRun(1) as { run: number; ids: number[] };
    const values = Array.from({ length: count }, (_, i) => i);
    store.commit(start(run, id!), rows(id!, "city", ...values), rows(id!, "<b>", 1), end(run, id!));
  }
  const of = (table: string, inserted: number) => ({
    table,
    inserted,
    upserted: 0,
    updated: 0,
    deleted: 0,
  });
  const later = [of("city", 3), of("<b>", 1)];
  assertEquals(await shown.get<RunRows>("/api/runs/2/rows"), { tables: later, left: 0 });
  await shown.get("/api/runs/3/rows", 404);
  const { wrote } = await shown.get<TaskDetail>("/api/tasks/2");
  assertEquals(wrote, later);
  const compared = await shown.get<Comparison>("/api/compare?a=1&b=2");
  assertEquals(compared.wrote, [
    { table: "city", a: of("city", 1), b: of("city", 3) },
    { table: "<b>", a: of("<b>", 1), b: of("<b>", 1) },
  ]);
  await withoutOurs(shown);
});

/** A text of another program, and a file of an earlier version. */
async function withoutOurs({ store, get }: Shown): Promise<void> {
  for (const text of ["null", "3", "{", '{"city":"x","t":{"inserted":-1,"deleted":"<i>"}}']) {
    store.connection.prepare("UPDATE task_runs SET wrote=?").run(text);
    const { wrote = [] } = await get<TaskDetail>("/api/tasks/2");
    assertEquals(
      wrote.map(({ inserted, deleted }) => inserted + deleted),
      wrote.map(() => 0),
      text,
    );
  }
  store.connection.exec("DROP TABLE run_rows; ALTER TABLE task_runs DROP COLUMN wrote");
  assertEquals(await get<RunRows>("/api/runs/2/rows"), { tables: [], left: 0 });
  assertEquals((await get<TaskDetail>("/api/tasks/2")).wrote, undefined);
}

/** Every row of a table, page by page, with the number of pages. */
async function allRows(
  shown: Shown,
  query: string,
): Promise<{ rows: DataValue[][]; pages: number }> {
  const rows: DataValue[][] = [];
  let cursor = "";
  for (let pages = 1;; pages++) {
    const page = await shown.get<DataRows>(
      `/api/data/rows?${query}${cursor && `&cursor=${cursor}`}`,
    );
    rows.push(...page.rows);
    if (page.next === null) return { rows, pages };
    cursor = page.next;
  }
}

const name = (table: string) => `name=${encodeURIComponent(table)}`;

Deno.test("GET data lists tables with columns and counts, and pages hold every row once", async () => {
  using shown = await show();
  const { connection } = shown.store;
  const hostile = `a "b"' ; DROP\n<i>/../%`;
  connection.exec(`
    CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT, big INTEGER);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<120)
      INSERT INTO city SELECT i*7, 'city ' || i, 9007199254740993 + i FROM n;
    CREATE TABLE pairs (a TEXT COLLATE NOCASE, b, PRIMARY KEY (a COLLATE BINARY, b DESC)) WITHOUT ROWID;
    INSERT INTO pairs VALUES ('x', 1), ('X', 2), ('x', 2.5), ('x', 'y'), ('x', x'00ff'), (CAST(x'610062' AS TEXT), 1),
      ('x', 9223372036854775807), ('', -1), ('x', 9223372036854775806), ('x', '2');
    CREATE TABLE no_key (v);
    INSERT INTO no_key VALUES (1), (1), (NULL), (1e999), ('');
    CREATE TABLE taken (rowid TEXT, oid TEXT, _rowid_ TEXT);
    INSERT INTO taken VALUES ('a', 'b', 'c'), ('d', 'e', 'f');
    CREATE TABLE made (a, b AS (a * 2) STORED, c AS (a + 1), d AS (length(zeroblob(a))));
    INSERT INTO made VALUES (21);
    CREATE TABLE "" (a);
    CREATE TABLE "${hostile.replaceAll('"', '""')}" ("<b>""'" TEXT, "__proto__" TEXT);
    INSERT INTO "${hostile.replaceAll('"', '""')}" VALUES ('=1+1', CAST(x'3c00' AS TEXT));
    CREATE VIRTUAL TABLE words USING fts5(word);`);
  const { tables } = await shown.get<DataTables>("/api/data");
  const of = (table: string) => tables.find(({ name }) => name === table);
  assertEquals(of("city"), {
    name: "city",
    kind: "table",
    isOwn: false,
    columns: ["id", "name", "big"],
    count: { rows: 120, isExact: true },
  });
  assertEquals(of("words")?.kind, "virtual");
  assertEquals([of("task_runs")?.isOwn, of("")?.count?.rows, of(hostile)?.count?.rows], [
    true,
    0,
    1,
  ]);
  assertEquals((await shown.get<DataTables>("/api/data?q=CIT")).tables.length, 1);

  const { rows, pages } = await allRows(shown, `${name("city")}&limit=50`);
  assertEquals([rows.length, pages, new Set(rows.map(([id]) => id)).size], [120, 3, 120]);
  assertEquals(rows[0], [7, "city 1", { number: "9007199254740994" }]);
  const paired = await allRows(shown, `${name("pairs")}&limit=1`);
  assertEquals(paired.rows, [
    ["", -1],
    ["X", 2],
    ["a\0b", 1],
    ["x", { hex: "00ff", bytes: 2 }],
    ["x", "y"],
    ["x", "2"],
    ["x", { number: "9223372036854775807" }],
    ["x", { number: "9223372036854775806" }],
    ["x", 2.5],
    ["x", 1],
  ]);
  assertEquals((await allRows(shown, `${name("no_key")}&limit=2`)).rows, [
    [1],
    [1],
    [null],
    [{ number: "Infinity" }],
    [""],
  ]);
  assertEquals((await allRows(shown, name("taken"))).rows.length, 2);
  const made = await shown.get<DataRows>(`/api/data/rows?${name("made")}`);
  assertEquals([made.columns.map(({ name }) => name), made.rows, made.columnsLeft], [
    ["a", "b"],
    [[21, 42]],
    2,
  ]);
  const strange = await shown.get<DataRows>(`/api/data/rows?${name(hostile)}`);
  assertEquals(strange.rows, [["=1+1", "<\0"]]);
  assertEquals((await shown.get<DataRows>("/api/data/rows?name=")).rows, []);
  assertEquals(
    (await shown.get<DataRows>(`/api/data/rows?${name("words")}`)).refused?.slice(0, 15),
    "A virtual table",
  );
  for (
    const bad of [
      "",
      "name=gone",
      "name=sqlite_schema",
      "name=CITY",
      `${name("city")}&cursor=x`,
      `${name("city")}&cursor=W1siaSIsIjEiXSxbImkiLCIxIl1d`,
      `${name("city")}&column=gone`,
      `${name("city")}&run=1`,
      `${name("city")}&op=like`,
    ]
  ) {
    await shown.get(
      `/api/data/rows?${bad}`,
      /gone$|schema|CITY/.test(bad) && !bad.includes("column") ? 404 : 400,
    );
  }
});

Deno.test("GET data/rows finds rows by a column and by their run", async () => {
  using shown = await show();
  const { connection } = shown.store;
  shown.store.startRun(1);
  shown.store.startRun(1);
  connection.exec(`
    CREATE TABLE v (a, run_id INTEGER, task_id INTEGER);
    INSERT INTO v VALUES (1, 1, 1), ('1', 2, 2), (2.5, 1, 1), ('Ägypten', 2, 2), ('50% _x', 1, 1), (NULL, 1, 1), ('', 1, 1), (x'31', 1, 2);
    CREATE TABLE by_task (a, task INTEGER REFERENCES task_runs(id));
    INSERT INTO by_task VALUES ('first', 1), ('second', 2);
    CREATE TABLE large (id INTEGER PRIMARY KEY, t TEXT);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60000)
      INSERT INTO large SELECT i, CASE WHEN i % 20000 = 0 THEN 'needle ' || i ELSE 'hay' END FROM n;`);
  const find = async (query: string) =>
    (await allRows(shown, `${name("v")}&${query}`)).rows.map(([a]) => a);
  assertEquals(await find("column=a&op=is&value=1"), [1, "1"]);
  assertEquals(await find("column=a&op=is&value=2.5"), [2.5]);
  assertEquals(await find("column=a&op=contains&value=%C3%A4GYP"), ["Ägypten"]);
  assertEquals(await find("column=a&op=contains&value=50%25+_X"), ["50% _x"]);
  assertEquals(await find("column=a&op=from&value=2"), [2.5]);
  assertEquals(await find("column=a&op=empty"), [null, ""]);
  assertEquals(await find("run=2"), ["1", "Ägypten"]);
  assertEquals(await find("run=2&column=a&op=set"), ["1", "Ägypten"]);
  assertEquals((await allRows(shown, `${name("by_task")}&run=2`)).rows, [["second", 2]]);
  const found = await allRows(shown, `${name("large")}&column=t&op=contains&value=NEEDLE&limit=2`);
  assertEquals(found.rows.map(([id]) => id), [20_000, 40_000, 60_000]);
  const { count } = await shown.get<DataRows>(`/api/data/rows?${name("large")}`);
  assertEquals(count, { rows: 60_000, isExact: false });
});

Deno.test("GET data/rows reads views within a time limit, and refuses those that could be endless", async () => {
  using shown = await show();
  const { connection } = shown.store;
  connection.exec(`
    CREATE TABLE n (i INTEGER PRIMARY KEY, t TEXT);
    WITH c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<3000) INSERT INTO n SELECT i, 'n ' || i FROM c;
    CREATE VIEW even (half, "a ""b") AS SELECT i/2, t FROM n WHERE i % 2 = 0 AND t LIKE 'n %';
    CREATE VIEW of_even AS SELECT max(half) AS most FROM even, task_runs;
    CREATE VIEW endless AS WITH c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c WHERE x<0;
    CREATE VIEW over_endless AS SELECT * FROM endless;
    CREATE VIEW long AS SELECT count(*) AS n FROM n AS a, n AS b, n AS c, n AS d;
    CREATE VIEW heavy AS SELECT instr(zeroblob(1000000000), x'01') AS x;
    CREATE VIEW direct AS SELECT count(*) FROM main.n AS a, main.n AS b, main.n AS c;
    CREATE VIEW broken AS SELECT * FROM gone;
    CREATE VIEW bomb0 AS SELECT 1 AS x;`);
  for (let i = 1; i < 40; i++) {
    connection.exec(`CREATE VIEW bomb${i} AS SELECT a.x FROM bomb${i - 1} AS a, bomb${i - 1} AS b`);
  }
  shown.store.startRun(1);
  const read = (view: string) => shown.get<DataRows>(`/api/data/rows?${name(view)}&limit=3`);
  const even = await read("even");
  assertEquals(even.columns.map(({ name }) => name), ["half", 'a "b']);
  assertEquals([even.rows, even.next, even.refused], [
    [[1, "n 2"], [2, "n 4"], [3, "n 6"]],
    null,
    null,
  ]);
  assertEquals((await read("of_even")).rows, [[1_500]]);
  const refusals: Record<string, RegExp> = {
    endless: /recursion/,
    over_endless: /recursion/,
    long: /too long/,
    heavy: /instr/,
    direct: /database main/,
    broken: /no such table/,
    bomb39: /too many tables/,
  };
  for (const [view, pattern] of Object.entries(refusals)) {
    const { rows, refused } = await read(view);
    assertEquals(rows, [], view);
    assertMatch(refused ?? "", pattern, view);
  }
  // The connection is as it was.
  assertEquals((await read("even")).rows.length, 3);
  assertEquals((await shown.get<RunPage>("/api/runs")).runs.length, 1);
});

Deno.test("GET data/csv and data/json stream every row, long values as their sizes", async () => {
  using shown = await show();
  const { connection } = shown.store;
  connection.exec(`
    CREATE TABLE v (id INTEGER PRIMARY KEY, "a,""b" );
    INSERT INTO v ("a,""b") VALUES ('=SUM(A1)'), ('a "b", c'), (CAST(x'610062' AS TEXT)), (x'00ff'), (NULL),
      (9223372036854775807), (-1), (2.5), (''), (zeroblob(1000001)), ('-1');
    CREATE TABLE large (t TEXT);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) INSERT INTO large SELECT 'row ' || i FROM n;`);
  const text = async (path: string) => await (await shown.app.request(`/api/data/${path}`)).text();
  const csv = await text("csv?name=v");
  assertEquals(csv.split("\r\n"), [
    'id,"a,""b"',
    "1,'=SUM(A1)",
    '2,"a ""b"", c"',
    "3,a␀b",
    "4,00ff",
    "5,",
    "6,9223372036854775807",
    "7,-1",
    "8,2.5",
    '9,""',
    "10,(blob of 1000001 bytes)",
    "11,'-1",
    "",
  ]);
  assertEquals((await text("csv?name=v&raw=1")).split("\r\n")[1], "1,=SUM(A1)");
  const json = await text("json?name=v");
  assertMatch(json, /"id":6,"a,\\"b":9223372036854775807/);
  assertEquals(
    (JSON.parse(json) as Record<string, unknown>[]).map((row) => row['a,"b']).slice(2, 5),
    [
      "a\0b",
      { $base64: "AP8=" },
      null,
    ],
  );
  assertEquals((await text("csv?name=large")).split("\r\n").length, 3_002);
  assertEquals(JSON.parse(await text("json?name=large&column=t&op=is&value=row+7")), [{
    t: "row 7",
  }]);
  assertEquals(JSON.parse(await text("json?name=large&column=t&op=is&value=none")), []);
  const page = await shown.get<DataRows>("/api/data/rows?name=v");
  assertEquals(page.rows[9], [10, { hex: "", bytes: 1_000_001 }]);
  // What is not taken is not read: the stream waits.
  const { body } = await shown.app.request("/api/data/csv?name=large");
  const reader = body!.getReader();
  await reader.read();
  connection.exec("DELETE FROM large WHERE rowid>2000");
  let rest = 0;
  for (let part; !(part = await reader.read()).done;) {
    rest += new TextDecoder().decode(part.value).split("\r\n").length - 1;
  }
  assertEquals(rest, 2_000);
});

Deno.test("data: false answers no request about tables, and a token guards them as all others", async () => {
  using shown = await show({ data: false });
  for (const path of ["", "/rows?name=task_runs", "/csv?name=task_runs", "/json?name=task_runs"]) {
    await shown.get(`/api/data${path}`, 404);
  }
  using guarded = await show({ token: "a-token-of-some-length" });
  await guarded.get("/api/data", 401);
  await guarded.get("/api/data/csv?name=task_runs", 401);
});

Deno.test("GET csv has the tables of the pages, and GET grid the tasks of the last runs", async () => {
  using shown = await show();
  const at = "2026-11-27T00:00:00.000Z";
  const done = (key: string, ms: number) => ({
    key,
    name: `=${key}`,
    status: "done",
    started_at: at,
    finished_at: new Date(Date.parse(at) + ms).toISOString(),
    tags: '["api"]',
  });
  const failed = (key: string) => ({
    ...done(key, 1),
    status: "error",
    error: `Error: no "${key}"`,
  });
  addRun(shown.store, [done("a", 5), done("b", 9), failed("c")]);
  addRun(shown.store, [failed("a"), done("b", 9), failed("c"), done("d", 50)]);
  const lines = async (path: string) =>
    (await (await shown.app.request(path)).text()).trimEnd().split("\r\n");
  const tasks = await lines("/api/runs/2/csv/tasks?status=error&limit=1");
  assertEquals(tasks.length, 3);
  assertEquals(tasks[1], `4,'=a,a,error,0,,"Error: no ""a""",${at},2026-11-27T00:00:00.001Z,1`);
  assertEquals((await lines("/api/runs/2/csv/failures"))[1]!.slice(11, 17), ",2,1,2");
  assertEquals((await lines("/api/runs/2/csv/durations?by=tag")).at(-1)!.slice(0, 9), "api,2,59,");
  assertEquals((await lines("/api/runs/2/csv/log")).length, 1);
  assertEquals((await lines("/api/csv?status=running")).map((line) => line.split(",")[0]), [
    "id",
    "2",
    "1",
  ]);
  await shown.get("/api/runs/2/csv/none", 404);
  await shown.get("/api/runs/9/csv/tasks", 404);

  const grid = await shown.get<RunGrid>("/api/grid?name=test");
  assertEquals(grid.runs.map(({ id }) => id), [1, 2]);
  assertEquals(
    grid.tasks.map(({ label, cells }) => [label, ...cells.map((cell) => cell?.status ?? null)]),
    [["c", "error", "error"], ["a", "done", "error"], ["d", null, "done"], ["b", "done", "done"]],
  );
  assertEquals((await shown.get<RunGrid>("/api/grid?name=none")).tasks, []);
  await shown.get("/api/grid", 400);
});
