/**
 * The assertions that tests use: `@std/assert` when it loads, the runtime's own `node:assert` when its
 * registry is out of reach. The only file that chooses between them.
 *
 * @module
 */
import node from "node:assert/strict";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

interface Assertions {
  assert(condition: unknown, message?: string): asserts condition;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertThrows<E extends Error>(body: () => unknown, type?: ErrorClass<E>, includes?: string): E;
  assertRejects<E extends Error>(
    body: () => Promise<unknown>,
    type?: ErrorClass<E>,
    includes?: string,
  ): Promise<E>;
}

function checkError<E extends Error>(error: unknown, type?: ErrorClass<E>, includes?: string): E {
  if (type && !(error instanceof type)) {
    throw new node.AssertionError({ message: `Expected ${type.name}, got ${Deno.inspect(error)}` });
  }
  if (includes) assertions.assertStringIncludes((error as Error).message, includes);
  return error as E;
}

const builtin: Assertions = {
  assert: (condition, message) => node(condition, message),
  assertEquals: (actual, expected, message) => node.deepEqual(actual, expected, message),
  assertStringIncludes(actual, expected, message) {
    node(
      actual.includes(expected),
      message ?? `Expected ${Deno.inspect(actual)} to include ${Deno.inspect(expected)}`,
    );
  },
  assertMatch: (actual, expected, message) => node.match(actual, expected, message),
  assertThrows(body, type, includes) {
    let returned: unknown;
    try {
      returned = body();
    } catch (error) {
      return checkError(error, type, includes);
    }
    throw new node.AssertionError({ message: `Expected an error, got ${Deno.inspect(returned)}` });
  },
  async assertRejects(body, type, includes) {
    let resolved: unknown;
    try {
      resolved = await body();
    } catch (error) {
      return checkError(error, type, includes);
    }
    throw new node.AssertionError({
      message: `Expected a rejection, got ${Deno.inspect(resolved)}`,
    });
  },
};

const assertions: Assertions = await import("@std/assert")
  .then((std) => std as unknown as Assertions, () => builtin);

export const assert: Assertions["assert"] = assertions.assert;
export const assertEquals: Assertions["assertEquals"] = assertions.assertEquals;
export const assertStringIncludes: Assertions["assertStringIncludes"] =
  assertions.assertStringIncludes;
export const assertMatch: Assertions["assertMatch"] = assertions.assertMatch;
export const assertThrows: Assertions["assertThrows"] = assertions.assertThrows;
export const assertRejects: Assertions["assertRejects"] = assertions.assertRejects;
