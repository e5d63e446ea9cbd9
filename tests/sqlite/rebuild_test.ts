import { connect, type Connection, connectReadOnly, SqliteError } from "../../db.ts";
import { rebuild } from "../../sqlite/rebuild.ts";
import { walCheckpoint } from "../../sqlite/checkpoint.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";

const SCHEMA = `PRAGMA page_size=8192; PRAGMA encoding='UTF-16'; PRAGMA auto_vacuum=INCREMENTAL;
  CREATE TABLE "t ""1""" (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE COLLATE NOCASE,
    g AS (a || 'x'), s AS (n * 2) STORED, n REFERENCES z(q) CHECK (n IS NULL OR n < 5));
  CREATE TABLE z (q PRIMARY KEY, w TEXT DEFAULT "CREATE TABLE") WITHOUT ROWID;
  CREATE TABLE hidden (rowid INT, b ANY) STRICT;
  CREATE TABLE bytes (v);
  CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT);
  CREATE UNIQUE INDEX "i 1" ON "t ""1""" (lower(a)) WHERE a IS NOT NULL;
  CREATE INDEX zz ON bytes (v DESC);
  CREATE VIEW vv AS SELECT * FROM "t ""1""";
  CREATE TRIGGER tr AFTER INSERT ON bytes BEGIN INSERT INTO z VALUES (new.rowid, 'END;'); END;
  CREATE TRIGGER iv INSTEAD OF INSERT ON vv BEGIN SELECT 1; END;
  CREATE VIRTUAL TABLE page USING fts5(body);
  CREATE VIRTUAL TABLE box USING rtree(id, x0, x1);
  INSERT INTO page VALUES ('the sea'), ('the land');
  INSERT INTO box VALUES (1, 0, 1);
  INSERT INTO bytes (rowid, v) VALUES (77, CAST(x'4100' AS TEXT)), (99, 'a' || char(0) || 'b'),
    (-5, x'00ff'), (1000000, 9223372036854775807), (1000001, -0.0), (1000002, 1e999), (1000003, NULL);
  INSERT INTO "t ""1""" (a, n) VALUES ('one', 77), ('two', NULL);
  INSERT INTO gone VALUES (41); DELETE FROM gone;
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000)
    INSERT INTO hidden (rowid, b) SELECT i, hex(zeroblob(500)) FROM c;
  DELETE FROM hidden WHERE rowid > 3;
  ANALYZE; PRAGMA user_version=7; PRAGMA application_id=-9;`;

/** What an integrity check finds; a connection that only reads looks at no CHECK. */
const problems = (connection: Connection) =>
  connection.prepare("PRAGMA integrity_check").all().map((row) => row.integrity_check);

/** Everything in a database, with row ids and the bytes of texts, but for how its tables are laid out. */
function contents(connection: Connection): unknown {
  const all = (sql: string) => connection.prepare(sql).all().map((row) => Object.values(row));
  const tables = all(
    "SELECT name FROM sqlite_schema WHERE type='table' AND rootpage>0 ORDER BY name",
  ).map(([name]) => `${name}`);
  return {
    schema: all("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"),
    settings: ["user_version", "application_id", "encoding", "page_size", "auto_vacuum"].map((
      name,
    ) => all(`PRAGMA ${name}`)),
    rows: tables.map((table) => all(`SELECT * FROM "${table.replaceAll('"', '""')}"`)),
    bytes: all("SELECT rowid, typeof(v), hex(v) FROM bytes ORDER BY rowid"),
    matches: all("SELECT rowid, body FROM page WHERE page MATCH 'the'"),
    boxes: all("SELECT * FROM box"),
  };
}

Deno.test("rebuild() keeps all that is in a file, and frees the rest", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  (await connect(db, { wal: false, driver: "builtin" })).close();
  const options = { driver: "builtin" } as const;
  using before = await connect(db, { ...options, wal: false });
  before.exec("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON;" + SCHEMA);
  before.close();
  using connection = await connect(db, options);
  const expected = contents(connection);
  const found = problems(connection);
  walCheckpoint(connection, "TRUNCATE");
  const { size } = Deno.statSync(db);
  using reader = await connectReadOnly(db, options);
  await rebuild(connection);
  assertEquals(contents(reader), expected);
  connection.close();
  using after = await connect(db, options);
  assertEquals(contents(after), expected);
  assertEquals(problems(after), found);
  assertEquals(after.prepare("PRAGMA freelist_count").get()!.freelist_count, 0);
  walCheckpoint(after, "TRUNCATE");
  assert(Deno.statSync(db).size < size / 2);
  after.exec("INSERT INTO gone DEFAULT VALUES; INSERT INTO bytes VALUES (1)");
  assertEquals(after.prepare("SELECT id FROM gone").get()!.id, 42);
});

Deno.test("rebuild() changes nothing where another connection writes or a table cannot be copied", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options = { driver: "builtin", busyTimeoutMs: 0 } as const;
  using other = await connect(db, options);
  other.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const rows = () => other.prepare("SELECT a FROM t").all().map(({ a }) => a);
  const failure = async (meanwhile: () => void) => {
    using connection = await connect(db, options);
    const replace = connection.replaceByTemp.bind(connection);
    connection.replaceByTemp = (copy) => {
      meanwhile();
      return replace(copy);
    };
    return await assertRejects(() => rebuild(connection), SqliteError);
  };
  const late = await failure(() => other.exec("INSERT INTO t VALUES (2)"));
  assertEquals([late.code, rows()], ["busy", [1, 2]]);
  other.exec("BEGIN; INSERT INTO t VALUES (3)");
  const locked = await failure(() => {});
  other.exec("COMMIT");
  assertEquals([locked.code, rows()], ["busy", [1, 2, 3]]);
  // A function that no other program has, in an index.
  other.setDefensive(false);
  other.exec(`PRAGMA writable_schema=ON; CREATE INDEX i ON t (lower(a));
    UPDATE sqlite_schema SET sql='CREATE INDEX i ON t (lowest(a))' WHERE name='i'; PRAGMA writable_schema=OFF`);
  const unknown = await failure(() => {});
  assert(/no such function: lowest/i.test(unknown.message), unknown.message);
  assertEquals(rows(), [1, 2, 3]);
});
