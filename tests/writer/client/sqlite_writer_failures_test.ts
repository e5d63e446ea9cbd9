import { connect } from "../../../db.ts";
import { SqliteError } from "../../../errors.ts";
import { SqliteWriter, type WriterOptions } from "../../../writer/client/sqlite_writer.ts";
import { WriterClient } from "../../../writer/client/writer_client.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../support/assert.ts";
import { ROOT, runChild } from "../../support/child.ts";
import { tempFolder } from "../../support/temp.ts";

const CLIENT = JSON.stringify(new URL("writer/client/sqlite_writer.ts", ROOT).href);
const FIXTURES = new URL("tests/fixtures/", ROOT);

/** Runs a script in a process that ends only when no Worker is left behind. */
async function child(body: string, flags: string[]): Promise<Record<string, unknown>> {
  const script = `import { clientOf, SqliteWriter } from ${CLIENT};
    const data = ({ name, code, message }) => ({ name, code, message });
    ${body}`;
  return await runChild(script, { flags }) as Record<string, unknown>;
}

Deno.test("SqliteWriter.open() rejects with the error of the database, its class and code", async () => {
  using folder = tempFolder();
  const text = folder.file("text.db");
  Deno.writeTextFileSync(text, "This is not a database. ".repeat(100));
  const cases: [string, Partial<WriterOptions>, string, RegExp][] = [
    [folder.path, {}, "other", /it is a folder/],
    [text, {}, "not-a-database", /not a database/i],
    [`${text}/x.db`, {}, "other", /is a file, not a folder|cannot be created/i],
    [folder.file("a.db"), { schema: "CREATE NONSENSE" }, "other", /syntax error/],
    [
      folder.file("b.db"),
      { schema: ["CREATE TABLE t (x)", "CREATE TABLE t (x)"] },
      "other",
      /exists/,
    ],
  ];
  for (const [db, options, code, words] of cases) {
    const opening = SqliteWriter.open({ db, driver: "builtin", ...options });
    const error = await assertRejects(() => opening, SqliteError);
    assertEquals([error.name, error.code], ["SqliteError", code], db);
    assertMatch(error.message, words);
  }
  assertStringIncludes(Deno.readTextFileSync(text), "This is not a database.");
});

Deno.test("SqliteWriter.open() rejects invalid options", async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ driver: "oracle" }, /for driver, got "oracle"/],
    [{ db: "" }, /Cannot open/],
    [{ db: 5 }, /Cannot open/],
    [{ db: undefined }, /Cannot open|undefined/],
    [{ db: "file:x.db?mode=ro" }, /Cannot open file:x\.db\?mode=ro/],
    [{ schema: () => "" }, /could not be cloned/],
    [{ schema: [5] }, /.+/],
    [{ statements: { a: () => "" } }, /could not be cloned/],
  ];
  for (const [options, words] of cases) {
    const all = { db: ":memory:", driver: "builtin", ...options } as unknown as WriterOptions;
    const error = await assertRejects(() => SqliteWriter.open(all), Error);
    assertMatch(error.message, words);
  }
});

Deno.test("SqliteWriter.open() takes no schema that leaves a transaction open", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const schema = "CREATE TABLE n (value); BEGIN";
  let writer: SqliteWriter;
  try {
    writer = await SqliteWriter.open({ db, driver: "builtin", schema });
  } catch (error) {
    assertMatch((error as Error).message, /transaction/);
    return;
  }
  // If it continues, what it acknowledges must be committed all the same.
  await using _ = writer;
  await writer.insert("n", [[1]]);
  using reader = await connect(db, { driver: "builtin" });
  assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 1);
});

Deno.test("SqliteWriter.open() leaves no Worker behind when it rejects", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("text.db"), "no database ".repeat(100));
  const options = [
    { db: folder.path },
    { db: folder.file("text.db") },
    { db: ":memory:", schema: "CREATE NONSENSE" },
    { db: ":memory:", driver: "oracle" },
  ];
  const body = `const names = [];
    for (const options of ${JSON.stringify(options)}) {
      names.push(await SqliteWriter.open(options).catch(({ name }) => name));
    }
    globalThis.addEventListener("unload", () => console.log(JSON.stringify({ names })));
    // It does not keep the process alive, but a Worker would.
    Deno.unrefTimer(setTimeout(() => console.log("A Worker was left") ?? Deno.exit(), 10_000));`;
  const { names } = await child(body, ["--allow-read", "--allow-write"]);
  assertEquals(names, ["SqliteError", "SqliteError", "SqliteError", "TypeError"]);
});

Deno.test("SqliteWriter.open() rejects when its Worker cannot start, and names why", async () => {
  const body = `console.log(JSON.stringify(
    await SqliteWriter.open({ db: ":memory:", driver: "builtin" }).catch(data)));`;
  const denied = await child(body, []);
  assertEquals(denied.name, "Error");
  assertMatch(
    `${denied.message}`,
    /^Cannot start the writer .*writer\.ts".* Add .+ to --allow-read$/,
  );
  using folder = tempFolder();
  const map = folder.file("map.json");
  const { href } = new URL("writer/worker/writer_loop.ts", ROOT);
  Deno.writeTextFileSync(map, JSON.stringify({ imports: { [href]: "./missing.ts" } }));
  const missing = await child(body, ["--allow-read", `--import-map=${map}`]);
  assertEquals(missing.name, "Error");
  const reason = `${missing.message}`;
  assertMatch(reason, /^Cannot start the writer .*missing\.ts.* Run deno cache on your program/s);
  assert(!/died|may or may not/.test(reason), reason);
});

Deno.test("SqliteWriter rejects every waiting call at once when its Worker dies", async () => {
  using folder = tempFolder();
  const db = JSON.stringify(folder.file("etl.db"));
  // The import map puts a SQLite into the Worker that breaks its thread at this statement.
  const body = `
    const writer = await SqliteWriter.open({
      db: ${db}, driver: "builtin", schema: "CREATE TABLE n (value)",
    });
    const names = (calls) => Promise.all(calls.map((call) => call.then(() => "", ({ name }) => name)));
    const other = clientOf(writer).sender(() => {});
    const acknowledged = await writer.insert("n", [[1], [2], [3]]);
    function* endless() { for (let i = 0; ; i++) yield [i]; }
    const waiting = names([writer.insert("n", endless()), writer.closed]);
    await other.request({ kind: "execute", sql: "SELECT 1", params: [] });
    const breaking = writer.execute("SELECT 'break'").catch(() => {});
    const death = await writer.closed.catch(data);
    const during = await waiting;
    await breaking;
    const after = await names([
      writer.execute("SELECT 1"), writer.insert("n", [[1]]), writer.insert("n", endless()),
      writer.transaction([]), writer.flush(), writer.checkpoint(), writer.stats(),
      other.flushed(), other.request({ kind: "execute", sql: "SELECT 1", params: [] }),
      writer.close(), writer.close(), writer[Symbol.asyncDispose](),
    ]);
    console.log(JSON.stringify({ acknowledged, death, during, after }));`;
  const map = new URL("breaking_sqlite.json", FIXTURES).href;
  const found = await child(body, ["--allow-read", "--allow-write", `--import-map=${map}`]);
  const { name, message } = found.death as { name: string; message: string };
  assertEquals(name, "WriterDiedError");
  assertStringIncludes(message, "the driver broke");
  assertStringIncludes(message, folder.file("etl.db"));
  for (const names of [found.during, found.after] as string[][]) {
    assertEquals(names, names.map(() => "WriterDiedError"));
  }
  // What was acknowledged is in the file, and the file is whole.
  assertEquals(found.acknowledged, 3);
  using reader = await connect(folder.file("etl.db"), { driver: "builtin" });
  const { n } = reader.prepare("SELECT count(*) AS n FROM n").get()!;
  assert(Number(n) >= 3 && (Number(n) - 3) % 1_000 === 0, `${n} rows`);
  assertEquals(reader.prepare("PRAGMA integrity_check").get()!.integrity_check, "ok");
});

Deno.test("a sender that a run asks for after the writer has failed to open fails as the writer did", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  Deno.writeTextFileSync(
    db,
    "not a database, but a text that is longer than its header ".repeat(20),
  );
  const client = await WriterClient.start({ db, driver: "builtin" });
  const error = await assertRejects(() => client.opened, SqliteError);
  const sender = client.sender(() => {});
  await assertRejects(
    () => sender.request({ kind: "execute", sql: "SELECT 1", params: [] }),
    SqliteError,
    error.message,
  );
  client.release(sender);
});
