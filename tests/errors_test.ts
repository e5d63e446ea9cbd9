import { SqliteError, TaskWorkerDiedError, WriterClosedError, WriterDiedError } from "../mod.ts";
import { type ErrorData, fromErrorData, toErrorData, toErrorText } from "../errors.ts";
import { assert, assertEquals } from "./support/assert.ts";

/** What arrives of an error on another thread. */
function send(thrown: unknown): Error {
  return fromErrorData(structuredClone(toErrorData(thrown)));
}

Deno.test("fromErrorData() builds each class of ours and the common built-in ones again", () => {
  for (
    const ErrorClass of [
      Error,
      RangeError,
      SyntaxError,
      TypeError,
      TaskWorkerDiedError,
      WriterClosedError,
      WriterDiedError,
    ]
  ) {
    const error = new ErrorClass("What happened");
    const copy = send(error);
    assertEquals(copy.constructor, ErrorClass);
    assertEquals([copy.name, copy.message, copy.stack], [error.name, error.message, error.stack]);
  }
});

Deno.test("fromErrorData() keeps the code of a SqliteError", () => {
  const copy = send(new SqliteError("Database is locked", "busy"));
  assert(copy instanceof SqliteError);
  assertEquals([copy.name, copy.code, copy.message], ["SqliteError", "busy", "Database is locked"]);
  assertEquals((send(new SqliteError("Odd")) as SqliteError).code, "other");
});

Deno.test("fromErrorData() keeps the name of an error of another class", () => {
  class ParseError extends Error {
    override name = "ParseError";
  }
  for (const error of [new ParseError("line 3"), new DOMException("stop", "AbortError")]) {
    const copy = send(error);
    assert(copy instanceof Error);
    assertEquals([copy.name, copy.message], [error.name, error.message]);
    assertEquals(Object.keys(copy), []);
  }
  for (const name of ["constructor", "__proto__", "toString", ""]) {
    const copy = send(Object.assign(new Error("odd"), { name }));
    assertEquals([copy.constructor, copy.name, copy.message], [Error, name, "odd"]);
  }
});

Deno.test("toErrorData() describes whatever was thrown as what can be cloned", () => {
  const hostile = new Proxy({}, {
    get() {
      throw new Error("no");
    },
    ownKeys() {
      throw new Error("no");
    },
  });
  for (
    const [thrown, message] of [
      ["a string", "a string"],
      ["", ""],
      [7, "7"],
      [undefined, "undefined"],
      [null, "null"],
      [{ code: 1 }, "{ code: 1 }"],
      [() => {}, "[Function (anonymous)]"],
      [Symbol("s"), "Symbol(s)"],
      [Object.assign(new Error(), { message: { a() {} } }), "[object Object]"],
      [Object.assign(new Error("x"), { name: Symbol("s") }), "x"],
    ] as const
  ) {
    const copy = send(thrown);
    assert(copy instanceof Error);
    assertEquals(copy.message, message);
  }
  assert(send(hostile) instanceof Error);
});

Deno.test("toErrorData() leaves out the stack that there is none of", () => {
  const error = new Error("bare");
  delete error.stack;
  const data: ErrorData = toErrorData(error);
  assertEquals(data, { name: "Error", message: "bare" });
  assert(fromErrorData(data).stack);
});

Deno.test("fromErrorData() keeps the causes of an error, each with its class", () => {
  const root = new SqliteError("Database is locked", "busy");
  const error = new TypeError("outer", { cause: new Error("middle", { cause: root }) });
  const copy = send(error);
  assertEquals(Object.keys(copy), []);
  const middle = copy.cause as Error;
  assertEquals([middle.message, middle.stack], ["middle", (error.cause as Error).stack]);
  assert(middle.cause instanceof SqliteError);
  assertEquals(middle.cause.code, "busy");
  assertEquals((send(new Error("x", { cause: "a string" })).cause as Error).message, "a string");
  assert(!("cause" in send(new Error("alone"))));
});

Deno.test("toErrorData() ends where causes go round in a circle", () => {
  const error = new Error("round");
  error.cause = new Error("and round", { cause: error });
  let causes = 0;
  for (let copy = send(error); copy.cause; copy = copy.cause as Error) causes++;
  assertEquals(causes, 8);
});

Deno.test("toErrorText() gives the stacks of an error and its causes", () => {
  const cause = new RangeError("inner", { cause: "a string" });
  const error = new Error("outer", { cause });
  assertEquals(
    toErrorText(toErrorData(error)),
    `${error.stack}\nCaused by: ${cause.stack}\nCaused by: a string`,
  );
});
