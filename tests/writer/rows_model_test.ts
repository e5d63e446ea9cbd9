/**
 * Random rows of random shapes and spellings, in arrays, transactions and streams of any chunking, beside bad
 * neighbours, against a model that inserts one row at a time with plain SQL.
 *
 * @module
 */
import fc from "fast-check";
import { connect, type Connection, type SqlRow } from "../../db.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../writer/client/insert.ts";
import type { WriteMessage } from "../../writer/protocol/write_message.ts";
import { Store } from "../../writer/worker/commit.ts";
import { assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { check } from "../support/property.ts";

/** Random batches in the suite. */
const RUNS = 200;

const SCHEMA = `CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  code TEXT UNIQUE,
  Name TEXT DEFAULT 'nameless',
  size INTEGER NOT NULL DEFAULT 7 CHECK (size >= 0),
  must TEXT NOT NULL
);`;

/** The columns in the order of the table. */
const COLUMNS = ["id", "code", "Name", "size", "must"] as const;

type Column = (typeof COLUMNS)[number];

/** A value of a column, as often `undefined`, and sometimes one that a constraint refuses. */
const VALUES: Record<Column, fc.Arbitrary<string | number | null | undefined>> = {
  id: fc.constantFrom<(number | null | undefined)[]>(1, 2, 3, 4, 5, 6, 7, 8, null, undefined),
  code: fc.constantFrom<(string | null | undefined)[]>("p", "q", null, undefined, undefined),
  Name: fc.constantFrom<(string | null | undefined)[]>("Ann", "Bob", null, undefined),
  size: fc.constantFrom<(number | null | undefined)[]>(0, 1, 2, undefined, undefined, -1, null),
  must: fc.constantFrom<(string | null | undefined)[]>("a", "b", "c", "d", "e", null, undefined),
};

/** A name in another spelling. */
const spelled = (name: string) =>
  fc.constantFrom(name, name, name.toUpperCase(), name.toLowerCase());

const objectRow = fc.tuple(
  ...COLUMNS.map((column) =>
    fc.record({ name: spelled(column), value: VALUES[column], isNamed: fc.nat(3) })
  ),
).map((fields) =>
  Object.fromEntries(fields.filter((f) => f.isNamed > 0).map((f) => [f.name, f.value]))
).filter((row) => Object.keys(row).length > 0);

const arrayRow = fc.tuple(...COLUMNS.map((column) => VALUES[column]));

interface Sent {
  rows: Row[];
  options: InsertOptions;
  /** Whether it is a step of a transaction. */
  isStep: boolean;
}

const options = fc.constantFrom<InsertOptions>(
  {},
  {},
  { onConflict: ["ID"] },
  { onConflict: ["id"], update: ["NAME", "size"] },
  { onConflict: ["id"], update: "ignore" },
  { update: "ignore" },
);

const sent: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({
    rows: fc.array(objectRow, { minLength: 1, maxLength: 6 }) as fc.Arbitrary<Row[]>,
    options: fc.record({ options, isNamed: fc.boolean() }).map(({ options, isNamed }) =>
      isNamed ? { ...options, columns: ["SIZE", "must", "Id", "code", "name"] } : options
    ),
    isStep: fc.boolean(),
  }),
  fc.record({
    rows: fc.array(arrayRow, { minLength: 1, maxLength: 6 }) as fc.Arbitrary<Row[]>,
    options: fc.record({ options, isNamed: fc.boolean() }).map(({ options, isNamed }) =>
      isNamed || options.onConflict ? { ...options, columns: [...COLUMNS] } : options
    ),
    isStep: fc.boolean(),
  }),
);

/** Whether each is committed, and what the table holds. */
interface Outcome {
  written: boolean[];
  table: SqlRow[];
}

function readTable(connection: Connection): SqlRow[] {
  return connection.prepare("SELECT * FROM item ORDER BY id").all().map((row) => ({ ...row }));
}

/** What a row names, by the names of the table. */
function fieldsOf(row: Row): Map<Column, string | number | null> {
  const fields = new Map<Column, string | number | null>();
  const set = (column: Column, value: unknown) =>
    value === undefined || fields.set(column, value as string | number | null);
  if (Array.isArray(row)) COLUMNS.forEach((column, i) => set(column, row[i]));
  else {
    for (const [key, value] of Object.entries(row)) {
      set(COLUMNS.find((column) => column.toLowerCase() === key.toLowerCase())!, value);
    }
  }
  return fields;
}

/** Inserts one row, or updates the one that is there. */
function insertOne(connection: Connection, row: Row, { onConflict, update }: InsertOptions): void {
  const fields = fieldsOf(row);
  const id = fields.get("id");
  const run = (sql: string, values: Iterable<string | number | null>) =>
    connection.prepare(sql).run(...values);
  const there = onConflict && id != null &&
    connection.prepare("SELECT 1 FROM item WHERE id=?").get(id);
  if (there) {
    if (update === "ignore") return checkOthers(connection, fields);
    const changed = [...fields].filter(([column]) =>
      column !== "id" &&
      (!update || update.some((name) => name.toLowerCase() === column.toLowerCase()))
    );
    checkOthers(connection, fields);
    if (changed.length === 0) return;
    const sets = changed.map(([column]) => `${column}=?`);
    run(`UPDATE item SET ${sets} WHERE id=?`, [...changed.map(([, value]) => value), id]);
    return;
  }
  const ignore = update === "ignore"
    ? onConflict ? "ON CONFLICT (id) DO NOTHING" : "ON CONFLICT DO NOTHING"
    : "";
  if (fields.size === 0) run("INSERT INTO item DEFAULT VALUES", []);
  else {
    const marks = [...fields].map(() => "?");
    run(`INSERT INTO item (${[...fields.keys()]}) VALUES (${marks}) ${ignore}`, fields.values());
  }
}

/** What SQLite looks at before a conflict: values that are given for columns that do not take them. */
function checkOthers(_: Connection, fields: Map<Column, string | number | null>): void {
  const size = fields.get("size");
  if (size === null || (size !== undefined && Number(size) < 0) || fields.get("must") === null) {
    throw new Error("refused");
  }
}

/** What should become of the messages, one row at a time. */
function model(connection: Connection, all: readonly Sent[]): Outcome {
  const written = all.map(({ rows, options }) => {
    try {
      connection.transaction(() => rows.forEach((row) => insertOne(connection, row, options)));
      return true;
    } catch {
      return false;
    }
  });
  return { written, table: readTable(connection) };
}

/** What the store makes of them, in batches that end after the numbered messages. */
function store(connection: Connection, all: readonly Sent[], cuts: readonly number[]): Outcome {
  const store = new Store(connection);
  const written: boolean[] = [];
  for (let begin = 0; begin < all.length;) {
    const end = cuts.find((cut) => cut > begin) ?? all.length;
    const messages = all.slice(begin, end).map(({ rows, options, isStep }): WriteMessage => {
      const message = toInsertMessage("ITEM", rows, options);
      return isStep ? { kind: "transaction", messages: [message] } : message;
    });
    const failed = new Set(store.commit(messages).failures.map(([index]) => index));
    messages.forEach((_, index) => written.push(!failed.has(index)));
    begin = end;
  }
  return { written, table: readTable(connection) };
}

for (const driver of DRIVERS) {
  Deno.test(`rows become what each of them would become by itself (${driver})`, async () => {
    const batches = fc.record({
      all: fc.array(sent, { minLength: 1, maxLength: 8 }),
      cuts: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 2 }).map((cuts) =>
        cuts.sort((a, b) => a - b)
      ),
    });
    await check(batches, async ({ all, cuts }) => {
      using one = await connect(":memory:", { driver });
      using other = await connect(":memory:", { driver });
      one.exec(SCHEMA);
      other.exec(SCHEMA);
      assertEquals(store(other, all, cuts.filter((cut) => cut < all.length)), model(one, all));
    }, { runs: RUNS });
  });
}
