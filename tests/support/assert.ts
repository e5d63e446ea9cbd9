/**
 * The assertions of the tests: of `@std/assert` where Deno's cache has it, else of the runtime's `node:assert`. No
 * registry is asked.
 *
 * @module
 */
import node from "node:assert/strict";
import { importCached } from "../../internal/jsr.ts";

/** What both have. */
interface Assertions {
  assert(condition: unknown, message?: string): void;
  assertEquals(actual: unknown, expected: unknown, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
}

const std = await importCached("jsr:@std/assert@1.0.13") as Assertions | undefined;

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Fails unless the condition holds. */
export function assert(condition: unknown, message?: string | Error): asserts condition {
  if (std) std.assert(condition, message === undefined ? undefined : String(message));
  else node(condition, message);
}

/** Fails unless both are the same value, as deep as they are. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (std) std.assertEquals(actual, expected, message);
  else node.deepEqual(actual, expected, message);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  fail(message ?? `Expected ${Deno.inspect(actual)} to include ${Deno.inspect(expected)}`);
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (std) std.assertMatch(actual, expected, message);
  else node.match(actual, expected, message);
}

/** Fails unless it throws such an error, and returns the error. */
export function assertThrows<E extends Error>(
  body: () => unknown,
  type?: ErrorClass<E>,
  includes?: string,
): E {
  let returned: unknown;
  try {
    returned = body();
  } catch (error) {
    return checkError(error, type, includes);
  }
  fail(`Expected an error, got ${Deno.inspect(returned)}`);
}

/** Fails unless it rejects with such an error, and resolves with the error. */
export async function assertRejects<E extends Error>(
  body: () => Promise<unknown>,
  type?: ErrorClass<E>,
  includes?: string,
): Promise<E> {
  let resolved: unknown;
  try {
    resolved = await body();
  } catch (error) {
    return checkError(error, type, includes);
  }
  fail(`Expected a rejection, got ${Deno.inspect(resolved)}`);
}

function checkError<E extends Error>(error: unknown, type?: ErrorClass<E>, includes?: string): E {
  if (type && !(error instanceof type)) fail(`Expected ${type.name}, got ${Deno.inspect(error)}`);
  if (includes) assertStringIncludes((error as Error).message, includes);
  return error as E;
}

function fail(message: string): never {
  throw new node.AssertionError({ message });
}
