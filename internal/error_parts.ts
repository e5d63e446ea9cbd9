/**
 * Reads what was thrown, which may be anything: getters that throw, messages that are not text.
 *
 * @module
 */
import { asStored } from "./text/stored_text.ts";
import { ownProperties, smallCopy } from "./own_properties.ts";

/** A part of an error; `undefined` also where it cannot be read. */
export function partOf(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** A part of an error that should be text, as text; `undefined` where it cannot be read. */
export function textIn(error: Error, name: string): string | undefined {
  try {
    const part = (error as unknown as Record<string, unknown>)[name];
    if (part === undefined || part === null) return "";
    return asStored(String(part));
  } catch {
    return undefined;
  }
}

/** What is reported of a value that is not an error. */
export function describeOther(
  thrown: unknown,
): {
  name: string;
  message: string;
  properties?: Record<string, unknown>;
  other?: { value: unknown };
} {
  const isBlank = typeof thrown === "string" && thrown.trim() === "";
  const message = typeof thrown === "string" && !isBlank
    ? thrown
    : isBlank
    ? "An empty text was thrown"
    : Deno.inspect(thrown, { depth: 2 });
  const data: ReturnType<typeof describeOther> = { name: "Error", message: asStored(message) };
  const properties = typeof thrown === "object" && thrown !== null && ownProperties(thrown);
  if (properties) data.properties = properties;
  const other = smallCopy(thrown);
  if (other) data.other = other;
  return data;
}

/** What an error is about, whatever the words. */
export function kindOf(error: unknown): string {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  return `${name} ${code}`;
}
