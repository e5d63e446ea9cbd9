/**
 * Random rows of random shapes and spellings, in arrays, transactions and streams of any chunking, beside bad
 * neighbours, against a model that writes one row at a time with plain SQL.
 *
 * @module
 */
import fc from "fast-check";
import { connect, type Connection, type SqlRow } from "../../db.ts";
import { fromErrorData } from "../../errors.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../writer/client/insert.ts";
import { insertInChunks } from "../../writer/client/row_stream.ts";
import type { InsertMessage, WriteMessage } from "../../writer/protocol/write_message.ts";
import { Store } from "../../writer/worker/commit.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { check } from "../support/property.ts";

/** Random batches in the suite, and random streams, each of more than a thousand rows. */
const RUNS = 150;
const STREAMS = 5;

type Value = string | number | null | undefined;

/** A table and what is known of it. */
interface Shape {
  /** Its body in SQL, with the constraints that are kept apart. */
  body: string;
  /** Names of the row id that stand for a column. */
  aliases: Readonly<Record<string, string>>;
  /** Keys by which rows may be updated. */
  keys: readonly (readonly string[])[];
  /** The columns that can be filled, in their order, each with values of which some are refused. */
  columns: Readonly<Record<string, readonly Value[]>>;
  /** What makes rows unique, after the body. */
  unique: string;
  /** Where it is not an ordinary table. */
  options?: string;
}

const ROWID = { rowid: "id", OID: "id", _rowid_: "id" };

const SHAPES: readonly Shape[] = [
  {
    body: `id INTEGER, code TEXT, Name TEXT DEFAULT 'nameless',
      size INTEGER NOT NULL DEFAULT 7 CHECK (size >= 0), must TEXT NOT NULL`,
    unique: "PRIMARY KEY (id), UNIQUE (code)",
    aliases: ROWID,
    keys: [["id"], ["rowid"], ["code"]],
    columns: {
      id: [1, 2, 3, 4, 5, 6, 7, 8, null, undefined],
      code: ["p", "q", null, undefined, undefined],
      Name: ["Ann", "Bob", null, undefined],
      size: [0, 1, 2, undefined, undefined, -1, null],
      must: ["a", "b", "c", "d", "e", null, undefined, undefined],
    },
  },
  {
    body: `A TEXT NOT NULL DEFAULT word, b INTEGER NOT NULL DEFAULT 1, Größe DEFAULT "it's",
      title TEXT NOT NULL, n INTEGER CHECK (n IS NULL OR n < 9)`,
    unique: "PRIMARY KEY (a, B), UNIQUE (n)",
    options: "WITHOUT ROWID",
    aliases: {},
    keys: [["b", "a"], ["A", "B"], ["N"]],
    columns: {
      A: ["x", "y", "word", undefined, undefined, null],
      b: [1, 2, undefined, undefined],
      Größe: [1, null, undefined],
      title: ["t", "u", undefined, undefined, null],
      n: [1, 2, 3, 9, null, undefined, undefined],
    },
  },
  {
    body: `id INTEGER, n INTEGER DEFAULT 4, "an ""odd"" name" TEXT NOT NULL COLLATE NOCASE,
      twice INTEGER GENERATED ALWAYS AS (n * 2) STORED CHECK (twice < 20),
      label TEXT NOT NULL AS (coalesce(n, 'none') || ''), at ANY DEFAULT (1 + 1)`,
    unique: `PRIMARY KEY (id), UNIQUE ("an ""odd"" name"), UNIQUE (n, at)`,
    options: "STRICT",
    aliases: ROWID,
    keys: [["id"], ['AN "ODD" NAME'], ["oid"], ["at", "n"]],
    columns: {
      id: [1, 2, 3, null, undefined, undefined],
      n: [1, 2, 10, null, undefined, undefined],
      'an "odd" name': ["a", "A", "b", "c", "d", undefined, undefined, null],
      at: ["x", 2, null, undefined, undefined],
    },
  },
  {
    body: `rowid TEXT NOT NULL DEFAULT 'r', k TEXT COLLATE NOCASE, v NOT NULL, w DEFAULT -1`,
    unique: "UNIQUE (k), UNIQUE (rowid, w)",
    aliases: {},
    keys: [["K"], ["w", "ROWID"]],
    columns: {
      rowid: ["r", "s", undefined, undefined],
      k: ["a", "A", "b", null, undefined],
      v: [1, 2, 3, undefined, undefined, null],
      w: [-1, 0, null, undefined],
    },
  },
];

/** A name in another spelling, or another name of the column. */
function spelled(name: string, { aliases }: Shape): fc.Arbitrary<string> {
  const others = Object.keys(aliases).filter((alias) => aliases[alias] === name);
  return fc.constantFrom(name, name, asciiUpper(name), asciiLower(name), ...others);
}

const asciiUpper = (name: string) => name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
const asciiLower = (name: string) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The column that a name stands for. */
function columnOf(name: string, { aliases, columns }: Shape): string {
  const same = (other: string) => asciiLower(other) === asciiLower(name);
  const alias = Object.keys(aliases).find(same);
  return alias ? aliases[alias]! : Object.keys(columns).find(same) ?? name;
}

interface Sent {
  rows: Row[];
  options: InsertOptions;
}

/** Messages that are one transaction, or each by itself. */
interface Group {
  sent: (Sent | "bad")[];
  isTransaction: boolean;
}

function sentTo(shape: Shape): fc.Arbitrary<Sent> {
  const names = Object.keys(shape.columns);
  const value = (name: string) => fc.constantFrom(...shape.columns[name]!);
  const objects = fc.array(
    fc.tuple(
      ...names.map((name) =>
        fc.record({ name: spelled(name, shape), value: value(name), isNamed: fc.nat(3) })
      ),
    ).map((fields) =>
      Object.fromEntries(fields.filter((f) => f.isNamed > 0).map((f) => [f.name, f.value]))
    ).filter((row) => Object.keys(row).length > 0),
    { minLength: 1, maxLength: 6 },
  );
  const arrays = fc.array(fc.tuple(...names.map(value)), { minLength: 1, maxLength: 6 });
  const columns = fc.shuffledSubarray(names, { minLength: names.length }).chain((names) =>
    fc.tuple(...names.map((name) => spelled(name, { ...shape, aliases: {} })))
  );
  const key = fc.constantFrom(...shape.keys);
  const options: fc.Arbitrary<InsertOptions> = fc.oneof(
    fc.constantFrom<InsertOptions>({}, {}, { update: "ignore" }),
    fc.record({ onConflict: key }),
    fc.record({ onConflict: key, update: fc.constant("ignore" as const) }),
    fc.record({ onConflict: key, update: fc.subarray(names, { minLength: 1, maxLength: 2 }) }),
  );
  return fc.oneof(
    fc.record({ rows: objects as fc.Arbitrary<Row[]>, options }),
    fc.record({ rows: arrays as fc.Arbitrary<Row[]>, options }).map(({ rows, options }) => ({
      rows,
      options: options.onConflict ? { ...options, columns: names } : options,
    })),
    fc.record({ rows: objects as fc.Arbitrary<Row[]>, options, columns }).map((
      { rows, options, columns },
    ) => ({
      rows: rows.map((row) => withoutAliases(row, shape)),
      options: { ...options, columns },
    })),
  ).filter(({ rows }) => rows.every((row) => Object.keys(row).length > 0));
}

/** A row by the names of its columns, where `columns` select which are taken. */
function withoutAliases(row: Row, shape: Shape): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([name]) =>
      Object.keys(shape.aliases).every((alias) => asciiLower(alias) !== asciiLower(name))
    ),
  ) as Row;
}

/** A name as SQL quotes it. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const listed = (names: Iterable<string>) => [...names].map(quoted).join();

/** The table, and beside it one with the same constraints, but for those that look at other rows. */
function schemaOf({ body, unique, options = "" }: Shape): string {
  const strict = options === "STRICT" ? options : "";
  return `CREATE TABLE item (${body}, ${unique}) ${options}; CREATE TABLE alone (${body}) ${strict};`;
}

/** What a row names, by the names of the table. */
function fieldsOf(row: Row, shape: Shape, { columns }: InsertOptions): Map<string, Value> {
  const fields = new Map<string, Value>();
  const set = (name: string, value: unknown) =>
    value === undefined || fields.set(columnOf(name, shape), value as Value);
  if (Array.isArray(row)) Object.keys(shape.columns).forEach((name, i) => set(name, row[i]));
  else {
    for (const [name, value] of Object.entries(row)) {
      const isTaken = columns?.some((c) => columnOf(c, shape) === columnOf(name, shape)) ?? true;
      if (isTaken) set(name, value);
    }
  }
  return fields;
}

/** Writes one row: inserts it, or updates the one that has its key. */
function writeOne(connection: Connection, row: Row, shape: Shape, options: InsertOptions): void {
  const { onConflict, update } = options;
  const fields = fieldsOf(row, shape, options);
  const key = onConflict?.map((name) => columnOf(name, shape));
  // A row id of NULL asks for a new one, which a row that is there does not need.
  const rowid = shape.aliases.rowid;
  if (key && rowid && !key.includes(rowid) && fields.get(rowid) === null) fields.delete(rowid);
  const run = (sql: string, values: Iterable<Value>) =>
    connection.prepare(sql).run(...[...values].map((value) => value ?? null));
  const marks = (count: number) => Array(count).fill("?").join();
  const where = key?.map((name) => `${quoted(name)}=?`).join(" AND ");
  const keyValues = key?.map((name) => fields.get(name) ?? null);
  const there = key?.every((name) => fields.has(name))
    ? connection.prepare(`SELECT * FROM item WHERE ${where}`).get(...keyValues!)
    : undefined;
  if (!there) {
    const conflict = update !== "ignore"
      ? ""
      : key && !key.every((name) => fields.has(name))
      ? `ON CONFLICT (${listed(key)}) DO NOTHING`
      : key
      ? ""
      : "ON CONFLICT DO NOTHING";
    const updates = key && update !== "ignore" && !key.every((name) => fields.has(name))
      ? updateOf(fields, key, shape, options)
      : "";
    if (fields.size > 0) {
      const into = `item (${listed(fields.keys())}) VALUES (${marks(fields.size)})`;
      return void run(`INSERT INTO ${into} ${conflict}${updates}`, fields.values());
    }
    // A column that is given its default is as good as left out.
    if (conflict || updates) {
      const [first] = Object.keys(shape.columns);
      const { dflt_value } = connection.prepare(
        "SELECT dflt_value FROM pragma_table_info('item') WHERE name=?",
      ).get(first!)!;
      const value = dflt_value === null ? "NULL" : dflt_value === "word" ? "'word'" : dflt_value;
      return void run(
        `INSERT INTO item (${quoted(first!)}) VALUES (${value}) ${conflict}${updates}`,
        [],
      );
    }
    return void run("INSERT INTO item DEFAULT VALUES", []);
  }
  // SQLite looks at NOT NULL and CHECK of what is given before it looks for the key.
  const all = Object.keys(shape.columns);
  run(
    `INSERT INTO alone (${listed(all)}) VALUES (${marks(all.length)})`,
    all.map((name) => fields.has(name) ? fields.get(name) : there[name] as Value),
  );
  if (update === "ignore") return;
  const changed = [...fields].filter(([name]) =>
    update ? update.some((u) => columnOf(u, shape) === name) : !key!.includes(name)
  );
  if (changed.length === 0) return;
  const sets = changed.map(([name]) => `${quoted(name)}=?`);
  run(`UPDATE item SET ${sets} WHERE ${where}`, [
    ...changed.map(([, value]) => value),
    ...keyValues!,
  ]);
}

/** The clause of a row that leaves out a part of its key, which its default may have. */
function updateOf(
  fields: Map<string, Value>,
  key: readonly string[],
  shape: Shape,
  { update }: InsertOptions,
): string {
  const names = [...fields.keys()].filter((name) =>
    Array.isArray(update) ? update.some((u) => columnOf(u, shape) === name) : !key.includes(name)
  );
  const sets = names.map((name) => `${quoted(name)}=excluded.${quoted(name)}`);
  const what = sets.length > 0 ? `UPDATE SET ${sets}` : "NOTHING";
  return `ON CONFLICT (${listed(key)}) DO ${what}`;
}

/** Whether each is committed, and what the table holds. */
interface Outcome {
  written: boolean[];
  table: SqlRow[];
}

function readTable(connection: Connection): SqlRow[] {
  return connection.prepare("SELECT * FROM item").all().map((row) => ({ ...row }))
    .sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

/** What should become of the groups, one row at a time. */
function model(connection: Connection, shape: Shape, groups: readonly Group[]): Outcome {
  const write = (sent: Sent | "bad") => {
    if (sent === "bad") throw new Error("refused");
    for (const row of sent.rows) writeOne(connection, row, shape, sent.options);
  };
  const isWritten = (body: () => void) => {
    try {
      connection.transaction(body);
      return true;
    } catch {
      return false;
    }
  };
  const written = groups.flatMap(({ sent, isTransaction }) =>
    isTransaction
      ? [isWritten(() => sent.forEach(write))]
      : sent.map((one) => isWritten(() => write(one)))
  );
  return { written, table: readTable(connection) };
}

function messageOf(sent: Sent | "bad"): WriteMessage {
  if (sent !== "bad") return toInsertMessage("ITEM", sent.rows, sent.options);
  return { kind: "execute", sql: "INSERT INTO nowhere VALUES (1)", params: [] };
}

/** What the store makes of them, in batches that end after the numbered messages. */
function store(
  connection: Connection,
  groups: readonly Group[],
  cuts: readonly number[],
): Outcome {
  const store = new Store(connection);
  const messages = groups.flatMap(({ sent, isTransaction }): WriteMessage[] => {
    const messages = sent.map(messageOf);
    return isTransaction ? [{ kind: "transaction", messages }] : messages;
  });
  const written: boolean[] = [];
  for (let begin = 0; begin < messages.length;) {
    const end = cuts.find((cut) => cut > begin) ?? messages.length;
    const batch = messages.slice(begin, end);
    const failed = new Set(store.commit(batch).failures.map(([index]) => index));
    batch.forEach((_, index) => written.push(!failed.has(index)));
    begin = end;
  }
  return { written, table: readTable(connection) };
}

const batches = fc.nat(SHAPES.length - 1).chain((number) => {
  const shape = SHAPES[number]!;
  return fc.record({
    number: fc.constant(number),
    groups: fc.array(
      fc.record({
        sent: fc.array(
          fc.oneof({ weight: 7, arbitrary: sentTo(shape) }, {
            weight: 1,
            arbitrary: fc.constant("bad" as const),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        isTransaction: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    cuts: fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 2 }).map((cuts) =>
      cuts.sort((a, b) => a - b)
    ),
  });
});

/** Rows around the border of two chunks of a stream. */
const streams = fc.record({
  begin: sentTo(SHAPES[0]!),
  end: sentTo(SHAPES[0]!).map(({ rows }) => rows),
  /** Rows between them, of a key that no other has. */
  between: fc.integer({ min: 985, max: 1_000 }),
}).map(({ begin: { rows, options }, end, between }) => ({
  rows: [
    ...rows,
    ...Array.from({ length: between }, (_, i) => likeRow(rows[0]!, { id: 100 + i, must: "m" })),
    ...end.filter((row) => Array.isArray(row) === Array.isArray(rows[0]))
      .map((row) => options.columns && !Array.isArray(row) ? withoutAliases(row, SHAPES[0]!) : row)
      .filter((row) => Object.keys(row).length > 0),
  ],
  options,
}));

/** A row in the form of others. */
function likeRow(other: Row, fields: Record<string, Value>): Row {
  if (!Array.isArray(other)) return fields as Row;
  return Object.keys(SHAPES[0]!.columns).map((name) => fields[name]) as Row;
}

for (const driver of DRIVERS) {
  Deno.test(`a stream is written as its chunks would be by themselves (${driver})`, async () => {
    await check(streams, async ({ rows, options }) => {
      using one = await connect(":memory:", { driver });
      using other = await connect(":memory:", { driver });
      for (const connection of [one, other]) connection.exec(schemaOf(SHAPES[0]!));
      const store = new Store(other);
      const sender = {
        ready: () => undefined,
        request(message: InsertMessage) {
          const [failure] = store.commit([message]).failures;
          return failure ? Promise.reject(fromErrorData(failure[1])) : Promise.resolve();
        },
      };
      const chunks = [rows.slice(0, 1_000), rows.slice(1_000)].filter(({ length }) => length > 0);
      let count = 0;
      const isWritten = chunks.every((rows) => {
        const { written } = model(one, SHAPES[0]!, [{
          sent: [{ rows, options }],
          isTransaction: true,
        }]);
        if (written[0]) count += rows.length;
        return written[0];
      });
      const sent = insertInChunks(sender, "item", rows, options);
      if (isWritten) assertEquals(await sent, rows.length);
      else {
        const { message } = await assertRejects(() => sent, Error);
        const ranges = count > 0
          ? "rows 0 to 999 of the stream are written"
          : "no row of the stream";
        assert(message.includes(ranges), message);
      }
      assertEquals(readTable(other), readTable(one));
    }, { runs: STREAMS });
  });

  Deno.test(`rows become what each of them would become by itself (${driver})`, async () => {
    await check(batches, async ({ number, groups, cuts }) => {
      const shape = SHAPES[number]!;
      using one = await connect(":memory:", { driver });
      using other = await connect(":memory:", { driver });
      for (const connection of [one, other]) connection.exec(schemaOf(shape));
      assertEquals(store(other, groups, cuts), model(one, shape, groups));
    }, { runs: RUNS });
  });
}
