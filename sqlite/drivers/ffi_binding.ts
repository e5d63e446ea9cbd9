/**
 * Runs statements of `@db/sqlite` with values that are bound here, over the library that the package has loaded.
 *
 * The package encodes and binds one text after the other, with a conversion in the runtime for each: measured, that
 * takes more than the rows do, and three times as long as `node:sqlite` in all. Here all texts of a call are encoded
 * at once into one buffer, and integers and addresses go over as `bigint`, which the runtime does not convert.
 *
 * @module
 */
import type { SqlValue } from "../values.ts";

const SYMBOLS = {
  sqlite3_bind_blob: {
    parameters: ["pointer", "i32", "buffer", "i32", "isize"],
    result: "i32",
  },
  sqlite3_bind_double: { parameters: ["pointer", "i32", "f64"], result: "i32" },
  sqlite3_bind_int64: { parameters: ["pointer", "i32", "i64"], result: "i32" },
  sqlite3_bind_text: {
    parameters: ["pointer", "i32", "usize", "i32", "isize"],
    result: "i32",
  },
  sqlite3_changes: { parameters: ["pointer"], result: "i32" },
  sqlite3_clear_bindings: { parameters: ["pointer"], result: "i32" },
  sqlite3_errmsg: { parameters: ["pointer"], result: "pointer" },
  sqlite3_reset: { parameters: ["pointer"], result: "i32" },
  sqlite3_sourceid: { parameters: [], result: "pointer" },
  sqlite3_step: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Results of SQLite. */
const [OK, ROW, DONE] = [0, 100, 101];

/** What SQLite does with bytes that are bound: reads them where they are, or copies them at once. */
const [STATIC, TRANSIENT] = [0n, -1n];

/** Bytes of the buffer for texts, and those that UTF-8 has at most for a unit of a text. */
const BUFFER_BYTES = 3 * 1024 * 1024;
const UNIT_BYTES = 3;

/** Stands for a blob of no bytes: the runtime would pass a null pointer, which is NULL. */
const EMPTY = new Uint8Array(1);

const encoder = new TextEncoder();

/** A statement of the package, and the connection that it belongs to. */
export interface FfiHandles {
  statement: Deno.PointerObject;
  database: Deno.PointerObject;
}

/** Memory that SQLite reads texts from. */
interface TextBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  address: number;
}

/** Binds and runs over one library. */
export class FfiBinding {
  readonly #sqlite: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** The buffer, but for the time of a call: a function that SQLite calls meanwhile may run statements itself. */
  #spare: TextBuffer | undefined;

  /**
   * Opens the library that the package has loaded already.
   *
   * @throws {Error} If there is no such library, or it is another one
   */
  constructor(path: string, sourceId: string) {
    const library = Deno.dlopen(path, SYMBOLS);
    this.#sqlite = library.symbols;
    if (Deno.UnsafePointerView.getCString(this.#sqlite.sqlite3_sourceid()!) === sourceId) return;
    library.close();
    throw new Error(`${path} is another SQLite than that of the package`);
  }

  /** Runs it with the values from `start` up to `end`; `undefined` when they are too large to be encoded at once. */
  run(
    { statement, database }: FfiHandles,
    values: readonly SqlValue[],
    start: number,
    end: number,
  ): number | undefined {
    const sqlite = this.#sqlite;
    let joined = "";
    for (let i = start; i < end; i++) {
      const value = values[i];
      if (typeof value === "string") joined += value;
    }
    if (joined.length * UNIT_BYTES > BUFFER_BYTES) return undefined;
    const buffer = this.#spare ?? newBuffer();
    this.#spare = undefined;
    const { bytes, address } = buffer;
    const { written } = encoder.encodeInto(joined, bytes);
    // Else the length of each text is known only when it is encoded by itself, which also keeps halves of pairs apart.
    const isAscii = written === joined.length;
    let used = 0;
    // The package leaves a statement that failed as it is, and what was bound. NULL is what is not bound.
    sqlite.sqlite3_reset(statement);
    sqlite.sqlite3_clear_bindings(statement);
    try {
      for (let i = start; i < end; i++) {
        const value = values[i]!;
        const index = i - start + 1;
        let code = OK;
        if (typeof value === "string") {
          const length = isAscii
            ? value.length
            : encoder.encodeInto(value, bytes.subarray(used)).written;
          const at = BigInt(address + used);
          code = sqlite.sqlite3_bind_text(statement, index, at, length, STATIC);
          used += length;
        } else if (typeof value === "number") {
          code = Number.isSafeInteger(value)
            ? sqlite.sqlite3_bind_int64(statement, index, BigInt(value))
            : sqlite.sqlite3_bind_double(statement, index, value);
        } else if (typeof value === "bigint") {
          code = sqlite.sqlite3_bind_int64(statement, index, value);
        } else if (value !== null) {
          const { byteLength } = value;
          const blob = byteLength > 0 ? value as Uint8Array<ArrayBuffer> : EMPTY;
          code = sqlite.sqlite3_bind_blob(statement, index, blob, byteLength, TRANSIENT);
        }
        if (code !== OK) throw this.#error(database);
      }
      const code = sqlite.sqlite3_step(statement);
      if (code !== DONE && code !== ROW) throw this.#error(database);
      sqlite.sqlite3_reset(statement);
      return sqlite.sqlite3_changes(database);
    } finally {
      sqlite.sqlite3_reset(statement);
      this.#spare = buffer;
    }
  }

  #error(database: Deno.PointerObject): Error {
    return new Error(Deno.UnsafePointerView.getCString(this.#sqlite.sqlite3_errmsg(database)!));
  }
}

function newBuffer(): TextBuffer {
  const bytes = new Uint8Array(BUFFER_BYTES);
  return { bytes, address: Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))) };
}
