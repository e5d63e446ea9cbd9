/**
 * A file whose table never ends: what a program makes that writes pages of its own, or a disk that mixes them up.
 *
 * @module
 */
import { connect } from "../../db.ts";

/** Pages that stand above one another, and how often each has the one below: more rows than a life has seconds. */
const DEPTH = 8;
const FAN_OUT = 200;

/** The header of an inner page of a table's tree. */
const INNER_HEADER = 12;

/** Replaces the tree of a table that fits one page by a tree in which that page stands 200 ** 8 times. */
export async function makeEndless(db: string, table: string): Promise<void> {
  const [root, size] = await layOf(db, table);
  const before = Deno.readFileSync(db);
  const pages = before.length / size;
  const after = new Uint8Array(before.length + DEPTH * size);
  after.set(before);
  const view = new DataView(after.buffer);
  const leaf = before.subarray((root - 1) * size, root * size);
  after.set(leaf, pages * size);
  for (let level = 1; level < DEPTH; level++) {
    writeInner(view, (pages + level) * size, { size, child: pages + level });
  }
  writeInner(view, (root - 1) * size, { size, child: pages + DEPTH });
  // How many pages there are, according to the header.
  view.setUint32(28, pages + DEPTH);
  Deno.writeFileSync(db, after);
}

async function layOf(db: string, table: string): Promise<[root: number, size: number]> {
  using connection = await connect(db, { wal: false });
  const row = connection.prepare("SELECT rootpage FROM sqlite_schema WHERE name=?").get(table)!;
  const { page_size } = connection.prepare("PRAGMA page_size").get()!;
  return [Number(row.rootpage), Number(page_size)];
}

/** Writes an inner page all of whose children are one page. */
function writeInner(
  view: DataView,
  at: number,
  { size, child }: { size: number; child: number },
): void {
  new Uint8Array(view.buffer, at, size).fill(0);
  view.setUint8(at, 5);
  view.setUint16(at + 3, FAN_OUT);
  view.setUint16(at + 5, size - 5 * FAN_OUT);
  view.setUint32(at + 8, child);
  for (let cell = 0; cell < FAN_OUT; cell++) {
    const offset = size - 5 * (cell + 1);
    view.setUint16(at + INNER_HEADER + 2 * cell, offset);
    view.setUint32(at + offset, child);
    // The largest id of the child, in seven bits.
    view.setUint8(at + offset + 4, 3);
  }
}
