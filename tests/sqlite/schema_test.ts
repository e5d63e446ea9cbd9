import { connect, type Connection, connectReadOnly, initSchema } from "../../db.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

const ORIGINAL_COLUMNS = [
  { name: "id", type: "INTEGER", notnull: 0, dflt_value: null, pk: 1 },
  { name: "name", type: "TEXT", notnull: 1, dflt_value: null, pk: 0 },
  { name: "status", type: "TEXT", notnull: 1, dflt_value: null, pk: 0 },
  { name: "progress", type: "REAL", notnull: 1, dflt_value: "0.0", pk: 0 },
  { name: "message", type: "TEXT", notnull: 0, dflt_value: null, pk: 0 },
  { name: "started_at", type: "TEXT", notnull: 0, dflt_value: null, pk: 0 },
  { name: "finished_at", type: "TEXT", notnull: 0, dflt_value: null, pk: 0 },
  { name: "result", type: "TEXT", notnull: 0, dflt_value: null, pk: 0 },
];

/** Everything the schema holds, without the objects that SQLite keeps for itself. */
function schemaOf(connection: Connection): Record<string, unknown>[] {
  return connection.prepare(
    `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`,
  ).all().map((row) => ({ ...row }));
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: initSchema() makes task_runs with the original's columns first`, async () => {
    using connection = await connect(":memory:", { driver });
    initSchema(connection);
    const columns = connection.prepare("PRAGMA table_info(task_runs)").all()
      .map(({ cid: _, ...column }) => ({ ...column }));
    assertEquals(columns.slice(0, 8), ORIGINAL_COLUMNS);
    for (const { name, notnull, dflt_value } of columns.slice(8)) {
      assert(notnull === 0 && dflt_value === null, `${name} can be left out`);
    }
    assertEquals(schemaOf(connection).map(({ type, name }) => `${type} ${name}`), [
      "table added_items",
      "table idempotency_keys",
      "index idx_idempotency_keys",
      "index idx_pipeline_runs_key",
      "index idx_pipeline_runs_last",
      "index idx_pipeline_runs_name",
      "index idx_pipeline_runs_reserved",
      "index idx_pipeline_runs_running",
      "index idx_run_requests_open",
      "index idx_run_requests_run",
      "index idx_run_rows",
      "index idx_run_samples_run",
      "index idx_task_attempts_task",
      "index idx_task_checks_failed",
      "index idx_task_checks_task",
      "index idx_task_dependencies_run",
      "index idx_task_logs_task",
      "index idx_task_runs_added",
      "index idx_task_runs_rewritten",
      "index idx_task_runs_status",
      "index idx_task_runs_wakes",
      "index idx_task_steps_task",
      "table pipeline_runs",
      "table pruned_runs",
      "table run_requests",
      "table run_rows",
      "table run_samples",
      "table task_attempts",
      "table task_checks",
      "table task_dependencies",
      "table task_logs",
      "table task_runs",
      "table task_steps",
      "table task_versions",
    ]);
    const index = connection.prepare("PRAGMA index_info(idx_task_runs_status)").all();
    assertEquals(index.map(({ name }) => name), ["status"]);
  });

  Deno.test(`${driver}: initSchema() changes nothing when it is called again`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    initSchema(connection);
    connection.exec("INSERT INTO task_runs (name, status) VALUES ('a', 'queued')");
    using reader = await connectReadOnly(path, { driver });
    const state = () => ({
      schema: schemaOf(reader),
      version: reader.prepare("PRAGMA schema_version").get()!.schema_version,
      data: reader.prepare("PRAGMA data_version").get()!.data_version,
      tasks: reader.prepare("SELECT * FROM task_runs").all().map((row) => ({ ...row })),
    });
    const before = state();
    initSchema(connection);
    initSchema(connection, {});
    initSchema(connection, { storeTaskStatus: true });
    assertEquals(state(), before);
  });

  Deno.test(`${driver}: initSchema() makes nothing without storeTaskStatus`, async () => {
    using connection = await connect(":memory:", { driver });
    initSchema(connection, { storeTaskStatus: false });
    assertEquals(schemaOf(connection), []);
    initSchema(connection);
    const before = schemaOf(connection);
    initSchema(connection, { storeTaskStatus: false });
    assertEquals(schemaOf(connection), before);
  });

  Deno.test(`${driver}: initSchema() leaves user_version and the user's tables alone`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec(`
      PRAGMA user_version=42;
      PRAGMA application_id=7;
      CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
      CREATE INDEX by_total ON orders(total);
      INSERT INTO orders VALUES (1, 9.5);`);
    const before = schemaOf(connection);
    initSchema(connection);
    assertEquals(connection.prepare("PRAGMA user_version").get()!.user_version, 42);
    assertEquals(connection.prepare("PRAGMA application_id").get()!.application_id, 7);
    const own = schemaOf(connection).filter(({ tbl_name }) => tbl_name === "orders");
    assertEquals(own, before);
    assertEquals({ ...connection.prepare("SELECT * FROM orders").get()! }, { id: 1, total: 9.5 });
  });

  for (
    const [table, columns, lacking] of [
      ["task_runs", "id INTEGER PRIMARY KEY, job TEXT, status TEXT", "name, progress, message"],
      ["pipeline_runs", "id INTEGER PRIMARY KEY, pipeline TEXT", "name, status, started_at"],
      ["task_logs", "id INTEGER PRIMARY KEY, line TEXT", "task_id, run_id"],
    ] as const
  ) {
    Deno.test(`${driver}: initSchema() refuses a ${table} of another make and leaves it as it is`, async () => {
      using folder = tempFolder();
      const path = folder.file("etl.db");
      using connection = await connect(path, { driver });
      connection.exec(`CREATE TABLE ${table} (${columns}); INSERT INTO ${table} (id) VALUES (7)`);
      const before = schemaOf(connection);
      const { message } = assertThrows(() => initSchema(connection), Error);
      assertStringIncludes(
        message,
        `Cannot use table ${table} of ${path}: it has no column ${lacking}`,
      );
      assertStringIncludes(message, "rename it, or pass storeTaskStatus: false");
      assertEquals(connection.inTransaction, false);
      assertEquals(schemaOf(connection), before);
      assertEquals(connection.prepare(`SELECT id FROM ${table}`).get()!.id, 7);
      initSchema(connection, { storeTaskStatus: false });
    });
  }

  Deno.test(`${driver}: initSchema() refuses a view of that name and makes nothing`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE VIEW task_runs AS SELECT 1 AS id, 'a' AS name");
    const before = schemaOf(connection);
    assertThrows(() => initSchema(connection), Error, "task_runs");
    assertEquals(schemaOf(connection), before);
  });

  Deno.test(`${driver}: initSchema() joins a transaction that is open`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("BEGIN");
    initSchema(connection);
    connection.exec("ROLLBACK");
    assertEquals(schemaOf(connection), []);
  });

  Deno.test(`${driver}: initSchema() through a reader is an error`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a)");
    using reader = await connectReadOnly(path, { driver });
    assertThrows(() => initSchema(reader), Error, "readonly");
    initSchema(writer);
    initSchema(reader, { storeTaskStatus: false });
  });
}
