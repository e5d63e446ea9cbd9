/**
 * What the fields of a form come to as arguments of a run.
 *
 * @module
 */
import type { ArgumentField } from "../../api.ts";

/** What is wrong with each argument, by its name. */
export type Wrong = Record<string, string>;

/** The values of declared arguments; one that is left empty is left out, and has its default value. */
export function readFields(
  fields: readonly ArgumentField[],
  data: { get(name: string): unknown },
): { args: Record<string, unknown>; wrong: Wrong } {
  const args: Record<string, unknown> = {};
  const wrong: Wrong = {};
  for (const field of fields) {
    const { name, type, required } = field;
    const given = data.get(name);
    if (type === "boolean" && !field.choices) {
      args[name] = given !== null;
      continue;
    }
    const text = `${given ?? ""}`;
    // An empty text is a value where the default is another one.
    const isText = type === "text" && !field.choices;
    if (text.trim() === "" && !(isText && field.default)) {
      if (required) wrong[name] = "This argument is required";
      continue;
    }
    try {
      args[name] = readValue(field, text);
    } catch (error) {
      wrong[name] = (error as Error).message;
    }
  }
  return { args, wrong };
}

/** Lines of `key=text` or `key:=JSON`. */
export function readOthers(text: string, args: Record<string, unknown>, wrong: Wrong): void {
  for (const line of text.split("\n").map((line) => line.trim()).filter(Boolean)) {
    const [, key, sign, value] = /^([^=]+?)(:?=)(.*)$/.exec(line) ?? [];
    if (key === undefined) wrong[""] = `Write ${line} as key=value`;
    else if (Object.hasOwn(args, key)) wrong[""] = `${key} is there twice`;
    else {
      try {
        args[key] = sign === "=" ? value : JSON.parse(value!);
      } catch {
        wrong[""] = `Write JSON after ${key}:=`;
      }
    }
  }
}

function readValue({ type, choices }: ArgumentField, text: string): unknown {
  if (choices) return JSON.parse(text);
  if (type === "text") return text;
  if (type === "json") {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error("Expected JSON");
    }
  }
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error("Expected a number");
  if (type === "integer" && !Number.isInteger(number)) throw new Error("Expected a whole number");
  return number;
}
