/**
 * What a narrower permission does: of Deno's flags, in a child process, and of the operating system, in
 * one without root's capabilities.
 *
 * @module
 */
import { connect, type SqliteErrorCode } from "../../db.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { attempt, runChild } from "../support/child.ts";
import { namesIn } from "../support/names_in.ts";
import { tempFolder } from "../support/temp.ts";
import { unprivileged } from "../support/unprivileged.ts";

interface Failure {
  name: string;
  code: SqliteErrorCode;
  message: string;
}

const READ = (path: string) =>
  attempt(
    "connectReadOnly",
    `using reader = await connectReadOnly(${JSON.stringify(path)}, { driver: "builtin" });
     return reader.prepare("SELECT a FROM v").all().map(({ a }) => a);`,
  );
const WRITE = (path: string) =>
  attempt(
    "connect",
    `using writer = await connect(${JSON.stringify(path)}, { driver: "builtin" });
     writer.exec("CREATE TABLE IF NOT EXISTS v (a); INSERT INTO v VALUES (2)");
     return writer.prepare("SELECT a FROM v").all().map(({ a }) => a);`,
  );

const OPEN = (path: string, wal: boolean) =>
  attempt(
    "connect",
    `using writer = await connect(${JSON.stringify(path)}, { driver: "builtin", wal: ${wal} });
     return "It was opened, and nothing was written yet";`,
  );

async function makeDatabase(path: string, wal = true): Promise<Uint8Array> {
  using connection = await connect(path, { wal, driver: "builtin" });
  connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
  connection.close();
  return await Deno.readFile(path);
}

Deno.test("connectReadOnly() needs --allow-read on the file alone", async () => {
  using folder = tempFolder();
  const path = folder.file("etl.db");
  using writer = await connect(path, { driver: "builtin" });
  writer.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
  assertEquals(await runChild(READ(path), { flags: [`--allow-read=${path}`] }), { value: [1] });
});

Deno.test("connect() needs --allow-read and --allow-write on the file alone", async () => {
  using folder = tempFolder();
  const path = folder.file("etl.db");
  const flags = [`--allow-read=${path}`, `--allow-write=${path}`];
  assertEquals(await runChild(WRITE(path), { flags }), { value: [2] });
  assertEquals(await runChild(WRITE(path), { flags }), { value: [2, 2] });
  assertEquals(namesIn(folder.path), ["etl.db"]);
});

Deno.test("connect() without permission names the file and the flags, and changes nothing", async () => {
  using folder = tempFolder();
  const path = folder.file("etl.db");
  const bytes = await makeDatabase(path);
  for (const flags of [[], [`--allow-read=${path}`], [`--allow-write=${path}`]]) {
    const failure = await runChild(WRITE(path), { flags }) as Failure;
    assertEquals(failure, {
      name: "SqliteError",
      code: "other",
      message: `Cannot open ${path}: permission denied; run with --allow-read, and to write it ` +
        `--allow-write, on it`,
    });
  }
  const failure = await runChild(READ(path), { flags: [`--allow-write=${path}`] }) as Failure;
  assertStringIncludes(failure.message, `Cannot open ${path}: permission denied; run with`);
  assertEquals(await Deno.readFile(path), bytes);
  assertEquals(namesIn(folder.path), ["etl.db"]);
});

Deno.test("connect() with permission for a file in a missing folder names both", async () => {
  using folder = tempFolder();
  const path = folder.file("no/etl.db");
  const flags = [`--allow-read=${path}`, `--allow-write=${path}`];
  const failure = await runChild(WRITE(path), { flags }) as Failure;
  assertEquals(
    failure.message,
    `Unable to open database file (${path}): check that its folder exists and that it may be read ` +
      `and written`,
  );
  assertEquals(namesIn(folder.path), []);
});

/** Runs a script without root's capabilities on a database; `modes` are those of its file and its folder. */
async function runUnprivileged(
  script: (path: string) => string,
  options: { file: number; folder: number; wal?: boolean },
): Promise<Failure & { value?: unknown; path: string; files: string[] }> {
  using folder = tempFolder();
  const path = folder.file("etl.db");
  const bytes = await makeDatabase(path, options.wal);
  await Deno.chmod(path, options.file);
  await Deno.chmod(folder.path, options.folder);
  const result = await runChild(script(path), {
    flags: [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`],
    prefix: unprivileged,
  }) as Failure;
  await Deno.chmod(folder.path, 0o755);
  await Deno.chmod(path, 0o644);
  assertEquals(await Deno.readFile(path), bytes);
  return { ...result, path, files: namesIn(folder.path) };
}

for (const wal of [true, false]) {
  for (const journal of [true, false]) {
    Deno.test({
      name: `connect() with wal: ${wal} refuses a file ${
        journal ? "with" : "without"
      } a WAL that may only be read`,
      ignore: !unprivileged,
      fn: async () => {
        const { code, message, path, files } = await runUnprivileged(
          (path) => OPEN(path, wal),
          { file: 0o444, folder: 0o555, wal: journal },
        );
        assertEquals(code, "read-only");
        assertEquals(
          message,
          `Attempt to write a readonly database (${path}): check the permissions of the file and ` +
            `its folder`,
        );
        assertEquals(files, ["etl.db"]);
      },
    });
  }
}

Deno.test({
  name: "connect() refuses a file that may not even be read",
  ignore: !unprivileged,
  fn: async () => {
    const modes = { file: 0, folder: 0o755 };
    for (
      const [script, expected] of [
        [WRITE, (path: string) => `Cannot open ${path} to write: the file, its folder or`],
        [READ, (path: string) => `Unable to open database file (${path}): check that`],
      ] as const
    ) {
      const { message, path, files } = await runUnprivileged((path) => script(path), modes);
      assertStringIncludes(message, expected(path));
      assertEquals(files, ["etl.db"]);
    }
  },
});

Deno.test({
  name: "connect() reports that it may not make a file or a folder",
  ignore: !unprivileged,
  fn: async () => {
    const modes = { file: 0o644, folder: 0o555 };
    const file = await runUnprivileged((path) => WRITE(`${path}.new`), modes);
    assertStringIncludes(
      file.message,
      `Unable to open database file (${file.path}.new): check that`,
    );
    const folder = await runUnprivileged((path) => WRITE(`${path}.d/etl.db`), modes);
    assertStringIncludes(
      folder.message,
      `Cannot open ${folder.path}.d/etl.db: its folder cannot be created (Permission denied`,
    );
    assertEquals([file.files, folder.files], [["etl.db"], ["etl.db"]]);
  },
});

Deno.test({
  name: "connectReadOnly() reads a file without a WAL where nothing may be written",
  ignore: !unprivileged,
  fn: async () => {
    const modes = { file: 0o444, folder: 0o555, wal: false };
    const { value, files } = await runUnprivileged(READ, modes);
    assertEquals(value, [1]);
    assertEquals(files, ["etl.db"]);
  },
});

Deno.test({
  name: "connectReadOnly() reads a file whose WAL is empty where nothing may be written",
  ignore: !unprivileged,
  fn: async () => {
    const modes = { file: 0o444, folder: 0o555 };
    const { value, files } = await runUnprivileged(READ, modes);
    assertEquals(value, [1]);
    assertEquals(files, ["etl.db"]);
  },
});
