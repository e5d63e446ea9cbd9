/**
 * Files of the Python original and ours: each program reads and writes those of the other. The original is
 * played by the `sqlite3` command line and by Python's own sqlite3: they make its table as it does, and
 * start, move and finish its tasks with statements that name the same columns.
 *
 * @module
 */
import { connect, initSchema } from "../../db.ts";
import { assertEquals } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { DRIVERS } from "../support/drivers.ts";
import { DDL, FINISH, PROGRESS, START } from "../support/original.ts";
import { tempFolder } from "../support/temp.ts";

type Value = string | number | null;
type Call = [sql: string, ...params: Value[]];

const CALLS: Call[] = [
  [START, 1, "extract", "2024-01-02T03:04:05+00:00"],
  [PROGRESS, 0.25, "a quarter", 1],
  [START, 2, "load 'it'", "2024-01-02T03:04:06+00:00"],
  [FINISH, "done", 1, "2024-01-02T03:04:07+00:00", "fine", '{"rows": 3}', 2],
  [START, 3, "fails", "2024-01-02T03:04:08+00:00"],
  [FINISH, "error", 0, "2024-01-02T03:04:09+00:00", "ValueError: é", null, 3],
];

const EIGHT = "id, name, status, progress, message, started_at, finished_at, result";
const ROWS: Value[][] = [
  [1, "extract", "running", 0.25, "a quarter", "2024-01-02T03:04:05+00:00", null, null],
  [
    2,
    "load 'it'",
    "done",
    1,
    "fine",
    "2024-01-02T03:04:06+00:00",
    "2024-01-02T03:04:07+00:00",
    '{"rows": 3}',
  ],
  [
    3,
    "fails",
    "error",
    0,
    "ValueError: é",
    "2024-01-02T03:04:08+00:00",
    "2024-01-02T03:04:09+00:00",
    null,
  ],
];

async function run(program: string, args: string[], input = ""): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function literal(value: Value): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : `${value}`;
}

/** A program that plays the original: it runs a script, then calls, and returns the rows of a query. */
const PROGRAMS: Record<
  string,
  (path: string, script: string, calls: Call[], query: string) => Promise<Value[][]>
> = {
  async sqlite3(path, script, calls, query) {
    const statements = calls.map(([sql, ...params]) => {
      let n = 0;
      return sql.replace(/\?/g, () => literal(params[n++]!)) + ";\n";
    });
    await run("sqlite3", ["-bail", path], `${script}\n${statements.join("")}`);
    const rows = await run("sqlite3", ["-json", path, query]);
    return rows === "" ? [] : JSON.parse(rows).map(Object.values);
  },
  async python3(path, script, calls, query) {
    const code = `
import json, sqlite3, sys
path, script, calls, query = json.load(sys.stdin)
connection = sqlite3.connect(path)
connection.executescript(script)
for sql, *params in calls:
    connection.execute(sql, params)
connection.commit()
print(json.dumps(connection.execute(query).fetchall()))
connection.close()`;
    const output = await run("python3", ["-c", code], JSON.stringify([path, script, calls, query]));
    return JSON.parse(output);
  },
};

for (const [program, original] of Object.entries(PROGRAMS)) {
  const ignore = !await isInstalled(program);

  for (const driver of DRIVERS) {
    Deno.test({
      name:
        `${driver}: initSchema() extends a file of the original, which ${program} continues writing`,
      ignore,
      fn: async () => {
        using folder = tempFolder();
        const path = folder.file("old.db");
        const select = `SELECT ${EIGHT} FROM task_runs ORDER BY id`;
        assertEquals(await original(path, DDL, CALLS, select), ROWS);
        {
          using connection = await connect(path, { driver });
          initSchema(connection);
          const rows = connection.prepare("SELECT * FROM task_runs ORDER BY id").all();
          assertEquals(rows.map((row) => Object.values(row).slice(0, 8)), ROWS as unknown[][]);
          assertEquals(
            rows.map((row) => [...new Set(Object.values(row).slice(8))]),
            Array(3).fill([null]),
          );
        }
        // The same calls again: each start finds its row and takes it over.
        assertEquals(await original(path, "", CALLS, select), ROWS);
        const more: Call[] = [[START, 4, "new", "2024-01-02T03:04:10+00:00"]];
        const added = [4, "new", "running", 0, "", "2024-01-02T03:04:10+00:00", null, null];
        assertEquals(await original(path, "", more, select), [...ROWS, added]);
      },
    });

    Deno.test({
      name: `${driver}: initSchema() makes a file that ${program} writes as the original's own`,
      ignore,
      fn: async () => {
        using folder = tempFolder();
        const path = folder.file("new.db");
        {
          using connection = await connect(path, { driver });
          initSchema(connection);
        }
        const select = `SELECT ${EIGHT} FROM task_runs ORDER BY id`;
        const script = DDL.replaceAll(/CREATE (TABLE|INDEX)/g, "CREATE $1 IF NOT EXISTS");
        assertEquals(await original(path, script, CALLS, select), ROWS);
        using connection = await connect(path, { driver });
        initSchema(connection);
        const rows = connection.prepare(select).all();
        assertEquals(rows.map((row) => Object.values(row)), ROWS as unknown[][]);
      },
    });

    Deno.test({
      name: `${driver}: initSchema() is seen by ${program} while both have the file open`,
      ignore,
      fn: async () => {
        using folder = tempFolder();
        const path = folder.file("etl.db");
        using connection = await connect(path, { driver });
        initSchema(connection);
        connection.exec("INSERT INTO task_runs (name, status) VALUES ('ours', 'queued')");
        const rows = await original(
          path,
          "",
          CALLS.slice(2, 3),
          "SELECT name, status FROM task_runs",
        );
        assertEquals(rows, [["ours", "queued"], ["load 'it'", "running"]]);
        const seen = connection.prepare("SELECT name FROM task_runs ORDER BY id").all();
        assertEquals(seen.map(({ name }) => name), ["ours", "load 'it'"]);
      },
    });
  }
}
