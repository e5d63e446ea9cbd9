import { connect, type ConnectOptions, SqliteError } from "../../db.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { namesIn } from "../support/names_in.ts";
import { tempFolder } from "../support/temp.ts";

/** What the pragmas of a connection are set to. */
const SETTINGS = {
  synchronous: 1, // NORMAL
  foreign_keys: 1,
  temp_store: 2, // MEMORY
  cache_size: -100_000,
  wal_autocheckpoint: 1000,
  journal_size_limit: 64 * 1024 * 1024,
  busy_timeout: 60_000,
};

for (const driver of DRIVERS) {
  const journals: [string, ConnectOptions, string][] = [
    ["etl.db", {}, "wal"],
    ["etl.db", { wal: true }, "wal"],
    ["etl.db", { wal: false }, "delete"],
    [":memory:", {}, "memory"],
    [":memory:", { wal: true }, "memory"],
    [":memory:", { wal: false }, "memory"],
  ];
  for (const [name, options, journal] of journals) {
    Deno.test(`${driver}: connect() sets every pragma for ${name} with ${Deno.inspect(options)}`, async () => {
      using folder = tempFolder();
      const path = name === ":memory:" ? name : folder.file(name);
      using connection = await connect(path, { ...options, driver });
      const pragma = (pragma: string) =>
        Object.values(connection.prepare(`PRAGMA ${pragma}`).get()!)[0];
      const settings = Object.keys(SETTINGS).map((setting) => [setting, pragma(setting)]);
      assertEquals(Object.fromEntries(settings), SETTINGS);
      assertEquals(pragma("journal_mode"), journal);
      assertEquals(connection.path, path);
      assertEquals(namesIn(folder.path).includes(":memory:"), false);
    });
  }

  Deno.test(`${driver}: connect() changes the journal of a file that has another`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    for (const [wal, journal] of [[true, "wal"], [false, "delete"], [true, "wal"]] as const) {
      using connection = await connect(path, { wal, driver });
      assertEquals(connection.prepare("PRAGMA journal_mode").get()!.journal_mode, journal);
      connection.exec("CREATE TABLE IF NOT EXISTS v (a); INSERT INTO v VALUES (1)");
    }
    using connection = await connect(path, { driver });
    assertEquals(connection.prepare("SELECT count(*) AS n FROM v").get()!.n, 3);
  });

  Deno.test(`${driver}: connect() takes a path, a file: URL and its text, and makes the folder`, async () => {
    using folder = tempFolder();
    const file = `${folder.path}/new/žluť & 100%/etl #1?.db`;
    const url = new URL("file:///");
    url.pathname = file.replaceAll("%", "%25");
    for (const [i, path] of [file, url, url.href].entries()) {
      using connection = await connect(path, { driver });
      assertEquals(connection.path, file);
      connection.exec("CREATE TABLE IF NOT EXISTS v (a); INSERT INTO v VALUES (1)");
      assertEquals(connection.prepare("SELECT count(*) AS n FROM v").get()!.n, i + 1);
    }
    assertEquals(namesIn(`${folder.path}/new/žluť & 100%`), ["etl #1?.db"]);
  });

  Deno.test(`${driver}: connect() refuses what names no database`, async () => {
    using folder = tempFolder();
    const before = namesIn(".");
    for (
      const path of [
        "",
        undefined,
        null,
        7,
        {},
        "file:etl.db",
        "file::memory:",
        `file://${folder.path}/etl.db?mode=ro`,
        `file://${folder.path}/etl.db#a`,
        "file://host/etl.db",
        "file:",
        new URL("https://example.com/etl.db"),
        "https://example.com/etl.db",
        "sqlite:///etl.db",
      ]
    ) {
      await assertRejects(() => connect(path as string, { driver }), TypeError, "Cannot open");
    }
    assertEquals(namesIn("."), before);
    assertEquals(namesIn(folder.path), []);
  });

  Deno.test(`${driver}: connect() refuses a folder by name`, async () => {
    using folder = tempFolder();
    const error = await assertRejects(() => connect(folder.path, { driver }), SqliteError);
    assertEquals(error.message, `Cannot open ${folder.path}: it is a folder; name a file`);
    assertEquals(namesIn(folder.path), []);
  });

  Deno.test(`${driver}: connect() refuses a path through a file`, async () => {
    using folder = tempFolder();
    await Deno.writeTextFile(folder.file("notes"), "a file");
    for (const path of [folder.file("notes/etl.db"), folder.file("notes/new/etl.db")]) {
      await assertRejects(() => connect(path, { driver }), SqliteError, `Cannot open ${path}: `);
    }
    assertEquals(await Deno.readTextFile(folder.file("notes")), "a file");
    assertEquals(namesIn(folder.path), ["notes"]);
  });

  for (
    const [kind, bytes] of [
      ["text", new TextEncoder().encode("id,name\n1,Oslo\n".repeat(1000))],
      ["a short text", new TextEncoder().encode("hello")],
      ["random bytes", crypto.getRandomValues(new Uint8Array(20_000))],
      ["a gzip", new Uint8Array([0x1f, 0x8b, 8, 0, ...new Uint8Array(5000)])],
    ] as const
  ) {
    Deno.test(`${driver}: connect() refuses ${kind} and leaves it untouched`, async () => {
      using folder = tempFolder();
      const path = folder.file("data.csv");
      await Deno.writeFile(path, bytes);
      const { mtime } = await Deno.stat(path);
      for (const wal of [true, false]) {
        const error = await assertRejects(() => connect(path, { wal, driver }), SqliteError);
        assertEquals(error.code, "not-a-database");
        assertStringIncludes(
          error.message,
          `File is not a database (${path}): choose another path`,
        );
      }
      assertEquals(await Deno.readFile(path), bytes);
      assertEquals((await Deno.stat(path)).mtime, mtime);
      assertEquals(namesIn(folder.path), ["data.csv"]);
    });
  }

  Deno.test(`${driver}: connect() opens an empty file as an empty database`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    await Deno.writeFile(path, new Uint8Array());
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a)");
    assert((await Deno.stat(path)).size > 0);
  });

  Deno.test(`${driver}: connect() does not wait for a connection that is writing`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using first = await connect(path, { driver });
    first.exec("CREATE TABLE v (a); BEGIN IMMEDIATE; INSERT INTO v VALUES (1)");
    using second = await connect(path, { driver });
    assertEquals(second.prepare("SELECT count(*) AS n FROM v").get()!.n, 0);
    first.exec("COMMIT");
    assertEquals(second.prepare("SELECT count(*) AS n FROM v").get()!.n, 1);
  });

  Deno.test(`${driver}: connect() reports that a file cannot change its journal while it is in use`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using first = await connect(path, { driver });
    first.exec("CREATE TABLE v (a)");
    const error = await assertRejects(
      () => connect(path, { wal: false, driver, busyTimeoutMs: 100 }),
      SqliteError,
      path,
    );
    assertEquals(error.code, "busy");
    assertEquals(first.prepare("PRAGMA journal_mode").get()!.journal_mode, "wal");
  });

  Deno.test(`${driver}: connect() leaves no other file behind once it is closed`, async () => {
    using folder = tempFolder();
    {
      using connection = await connect(folder.file("etl.db"), { driver });
      connection.exec("CREATE TABLE v (a)");
      assertEquals(namesIn(folder.path), ["etl.db", "etl.db-shm", "etl.db-wal"]);
    }
    assertEquals(namesIn(folder.path), ["etl.db"]);
  });
}

Deno.test("connect() refuses a driver of another name", async () => {
  await assertRejects(
    () => connect(":memory:", { driver: "sqlite" as "ffi" }),
    TypeError,
    'expected "auto" or "ffi" or "builtin" for driver, got "sqlite"',
  );
});
