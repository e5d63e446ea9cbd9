import { SqliteError, WriterDiedError } from "../../../errors.ts";
import type { Row } from "../../../writer/client/insert.ts";
import { insertInChunks } from "../../../writer/client/row_stream.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { type OneThread, openLoop } from "../../support/one_thread.ts";

const schema = "CREATE TABLE n (value INTEGER CHECK (value >= 0), note TEXT)";

/** Rows 0, 1, 2, …; `read` and `closed` show what became of them. */
class Source implements Iterable<Row> {
  read = 0;
  closed = false;
  readonly #count: number;
  readonly #at: (i: number) => Row;

  constructor(count: number, at: (i: number) => Row = (i) => ({ value: i })) {
    this.#count = count;
    this.#at = at;
  }

  *[Symbol.iterator](): Generator<Row> {
    try {
      while (this.read < this.#count) yield this.#at(this.read++);
    } finally {
      this.closed = true;
    }
  }
}

async function* later(rows: Iterable<Row>): AsyncGenerator<Row> {
  for (const row of rows) {
    await Promise.resolve();
    yield row;
  }
}

function values(writer: OneThread): unknown[] {
  return writer.column("SELECT value FROM n ORDER BY rowid");
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

for (const driver of DRIVERS) {
  Deno.test(`insertInChunks() writes every row in its order (${driver})`, async () => {
    for (const count of [0, 1, 999, 1_000, 1_001, 12_345]) {
      using writer = await openLoop({ driver, schema });
      const source = new Source(count);
      assertEquals(await insertInChunks(writer.batchSender, "n", source), count);
      assertEquals(values(writer), upTo(count));
      assert(source.closed);
    }
  });

  Deno.test(`insertInChunks() takes asynchronous iterables, and rows as arrays (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const source = new Source(2_500, (i) => [i, `note ${i}`]);
    assertEquals(await insertInChunks(writer.batchSender, "n", later(source)), 2_500);
    assertEquals(values(writer), upTo(2_500));
    assertEquals(writer.column("SELECT note FROM n WHERE value=2499"), ["note 2499"]);
  });

  Deno.test(`insertInChunks() takes the options of an insert (${driver})`, async () => {
    const table = "CREATE TABLE city (name TEXT PRIMARY KEY, size INTEGER)";
    using writer = await openLoop({ driver, schema: table });
    const source = new Source(3_000, (i) => [`city ${i % 1_500}`, i]);
    const options = { columns: ["name", "size"], onConflict: ["name"], update: ["size"] };
    assertEquals(await insertInChunks(writer.batchSender, "city", source, options), 3_000);
    assertEquals(writer.column("SELECT count(*) FROM city WHERE size >= 1500"), [1_500]);
  });
}

Deno.test("insertInChunks() reads only as far ahead as there is room", async () => {
  using writer = await openLoop({ schema });
  let lead = 0;
  const source = new Source(30_000, (i) => {
    if (i % 20 === 0) lead = Math.max(lead, i - writer.loop.stats().rows);
    return { value: i };
  });
  await insertInChunks(writer.batchSender, "n", source);
  assert(lead <= 10_000, `it was ${lead} rows ahead of the disk`);
});

Deno.test("insertInChunks() lets several sources share the room", async () => {
  using writer = await openLoop({ schema });
  let read = 0;
  let lead = 0;
  const sources = Array.from({ length: 4 }, () =>
    new Source(10_000, (i) => {
      if (++read % 20 === 0) lead = Math.max(lead, read - writer.loop.stats().rows);
      return { value: i };
    }));
  await Promise.all(sources.map((source) => insertInChunks(writer.batchSender, "n", source)));
  assertEquals(writer.column("SELECT count(*) FROM n"), [40_000]);
  assert(lead <= 20_000, `they were ${lead} rows ahead of the disk`);
});

Deno.test("insertInChunks() stops reading after a chunk that failed, and keeps those before", async () => {
  using writer = await openLoop({ schema });
  const source = new Source(Infinity, (i) => ({ value: i === 2_500 ? -1 : i }));
  const error = await assertRejects(
    () => insertInChunks(writer.batchSender, "n", source),
    SqliteError,
    "CHECK constraint failed",
  );
  assertEquals(error.code, "constraint");
  assert(source.closed, "the source was not asked to stop");
  assert(source.read < 30_000, `${source.read} rows were read`);
  const written = values(writer);
  assertEquals(written.slice(0, 2_000), upTo(2_000));
  assert(!written.includes(2_499) && !written.includes(2_501), "a part of the chunk was written");
  assertEquals(written.length % 1_000, 0);
});

Deno.test("insertInChunks() reports which task's rows failed", async () => {
  using writer = await openLoop({ schema });
  const source = new Source(10, () => ({ value: -1 }));
  await assertRejects(
    () => insertInChunks(writer.batchSender, "n", source, { task: 7 }),
    SqliteError,
  );
  assertEquals(writer.failures.map(([{ code }, task]) => [code, task]), [["constraint", 7]]);
});

Deno.test("insertInChunks() passes on what its source throws, and loses no whole chunk", async () => {
  for (const asynchronous of [false, true]) {
    using writer = await openLoop({ schema });
    const thrown = new EvalError("the file ends here");
    const source = new Source(Infinity, (i) => {
      if (i === 3_700) throw thrown;
      return { value: i };
    });
    const rows = asynchronous ? later(source) : source;
    const error = await assertRejects(
      () => insertInChunks(writer.batchSender, "n", rows),
      EvalError,
    );
    assertEquals(error, thrown);
    await writer.batchSender.flushed();
    assertEquals(values(writer), upTo(3_000));
  }
});

Deno.test("insertInChunks() names row and column of a value that cannot be stored", async () => {
  using writer = await openLoop({ schema });
  const source = new Source(Infinity, (i) => ({ value: i === 1_234 ? (() => 1) as never : i }));
  const error = await assertRejects(
    () => insertInChunks(writer.batchSender, "n", source),
    TypeError,
  );
  assertStringIncludes(error.message, "column value of n");
  assert(source.closed);
  await writer.batchSender.flushed();
  assertEquals(values(writer), upTo(1_000));
});

Deno.test("insertInChunks() rejects what is not an iterable, and invalid rows", async () => {
  using writer = await openLoop({ schema });
  for (const rows of [undefined, null, 5, {}, [1], [null], "text", [[]], [{}]]) {
    const refused = () => insertInChunks(writer.batchSender, "n", rows as unknown as Iterable<Row>);
    await assertRejects(refused, TypeError);
  }
  assertEquals(values(writer), []);
});

Deno.test("insertInChunks() rejects when the writer dies, and closes its source", async () => {
  using writer = await openLoop({ schema });
  const source = new Source(Infinity, (i) => {
    if (i === 5_000) writer.batchSender.fail(new WriterDiedError("The writer died"));
    return { value: i };
  });
  await assertRejects(() => insertInChunks(writer.batchSender, "n", source), WriterDiedError);
  assert(source.closed);
  assert(source.read < 30_000, `${source.read} rows were read`);
});
