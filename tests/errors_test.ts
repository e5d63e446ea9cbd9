import { SqliteError, TaskWorkerDiedError, WriterClosedError, WriterDiedError } from "../mod.ts";
import { type ErrorData, fromErrorData, toErrorData } from "../errors.ts";
import { summarizeError, toErrorSummary, toErrorText } from "../internal/error_text.ts";
import { assert, assertEquals, assertMatch } from "./support/assert.ts";

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
      ["", "An empty text was thrown"],
      [new Error(""), "Error"],
      [new Error(" \n"), "Error"],
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

Deno.test("toErrorData() keeps what can be read of an error with parts that cannot", () => {
  const failing = (error: Error, ...names: string[]) => {
    for (const name of names) {
      Object.defineProperty(error, name, {
        get() {
          throw new Error("Cannot be read");
        },
      });
    }
    return error;
  };
  assertEquals(toErrorData(failing(new RangeError("a"), "stack")), {
    name: "RangeError",
    message: "a",
  });
  assertEquals(
    toErrorData(failing(new Error("b"), "message", "stack")).message,
    "Error: its message cannot be read",
  );
  const aggregate = failing(new AggregateError([], "c"), "errors", "cause", "name");
  assertEquals([toErrorData(aggregate).message, toErrorData(aggregate).errors], ["c", undefined]);
  const all = failing(new Error("d"), "name", "message", "stack");
  assertEquals(toErrorData(all).message, "A value that cannot be shown was thrown");
});

Deno.test("toErrorData() leaves out the stack that it lacks", () => {
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

Deno.test("fromErrorData() keeps own properties that can be cloned and are small", () => {
  const error = Object.assign(new TypeError("Service Unavailable"), {
    status: 503,
    code: "E_HTTP",
    headers: new Map([["retry-after", "2"]]),
    retry: () => true,
    body: "x".repeat(1_000_000),
    socket: new Proxy({}, {
      get() {
        throw new Error("no");
      },
    }),
  });
  Object.defineProperty(error, "odd", {
    enumerable: true,
    get() {
      throw new Error("no");
    },
  });
  const copy = send(error);
  assert(copy instanceof TypeError);
  assertEquals({ ...copy }, {
    status: 503,
    code: "E_HTTP",
    headers: new Map([["retry-after", "2"]]),
  });
  assertEquals({ ...send({ status: 429 }) }, { status: 429 });
  assertEquals(Object.keys(send(new SqliteError("Locked", "busy"))), ["name", "code"]);
});

Deno.test("fromErrorData() builds DOMException and the errors of Deno again", () => {
  const abort = send(new DOMException("stop", "AbortError"));
  assert(abort instanceof DOMException);
  assertEquals([abort.name, abort.message, abort.code], ["AbortError", "stop", 20]);
  const missing = send(new Deno.errors.NotFound("No such file"));
  assert(missing instanceof Deno.errors.NotFound);
  const namesake = send(Object.assign(new Error("mine"), { name: "NotFound" }));
  assertEquals([namesake.constructor, namesake.name], [Error, "NotFound"]);
});

Deno.test("errors inside an AggregateError travel with it, and are described", async () => {
  const rejected = await Promise.any([
    Promise.reject(new TypeError("No connection to a")),
    Promise.reject(new RangeError("b is full")),
  ]).catch((error) => error);
  const data = structuredClone(toErrorData(rejected));
  const copy = fromErrorData(data);
  assert(copy instanceof AggregateError);
  assertEquals(copy.message, "All promises were rejected");
  assertEquals(copy.errors.map(({ name, message }) => [name, message]), [
    ["TypeError", "No connection to a"],
    ["RangeError", "b is full"],
  ]);
  const summary = "All promises were rejected: No connection to a; b is full";
  assertEquals(toErrorSummary(data), summary);
  assertEquals(summarizeError(copy), summary);
  const text = toErrorText(data);
  assertMatch(text, /^AggregateError: All promises were rejected/);
  assertMatch(text, /\nError 1 of 2: TypeError: No connection to a\n +at /);
  assertMatch(text, /\nError 2 of 2: RangeError: b is full\n +at /);
  assertEquals(summarizeError(new AggregateError([])), "AggregateError");
  assertEquals(summarizeError(new AggregateError([new Error("a")])), "AggregateError: a");
});

Deno.test("both errors of a SuppressedError travel with it, and are described, the first cause first", () => {
  const error = new SuppressedError(new Error("Cannot close"), new Error("Cannot read"), "");
  const copy = send(error);
  assert(copy instanceof SuppressedError);
  assertEquals([copy.error.message, copy.suppressed.message], ["Cannot close", "Cannot read"]);
  assertEquals(
    summarizeError(error),
    "SuppressedError: Cannot read; then, while closing: Cannot close",
  );
  const text = toErrorText(toErrorData(error));
  assertMatch(
    text,
    /\nThrown while closing: Error: Cannot close\n[^]*\nSuppressed: Error: Cannot read\n/,
  );
});

Deno.test("an error without a message is described by its cause", () => {
  assertEquals(summarizeError(new Error("", { cause: new Error("Why") })), "Error: Why");
  assertEquals(summarizeError(new Error("What", { cause: new Error("Why") })), "What");
});

Deno.test("errors inside errors are bounded in depth and in number", () => {
  const many = new AggregateError(Array.from({ length: 1_000 }, (_, i) => new Error(`No ${i}`)));
  const data = toErrorData(many);
  assertEquals([data.errors!.length, data.errorsLeft], [32, 968]);
  assertEquals(
    toErrorSummary(data),
    "AggregateError: No 0; No 1; No 2; No 3; No 4; and 995 more",
  );
  assertMatch(toErrorText(data), /\n… and 968 more$/);
  const round: Error[] = [];
  const circle = new AggregateError(round, "round");
  round.push(circle, circle);
  assert(JSON.stringify(toErrorData(circle)).length < 100_000);
  assert(send(circle) instanceof AggregateError);
  assert(summarizeError(circle).startsWith("round"));
});

Deno.test("toErrorText() gives the stacks of an error and its causes", () => {
  const cause = new RangeError("inner", { cause: "a string" });
  const error = new Error("outer", { cause });
  assertEquals(
    toErrorText(toErrorData(error)),
    `${error.stack}\nCaused by: ${cause.stack}\nCaused by: a string`,
  );
});
