/**
 * The scripts of a `schema`: one text, or several.
 *
 * @module
 */
import { unexpected } from "../../internal/validate.ts";

/**
 * The scripts, in their order.
 *
 * @throws {TypeError} If it is neither a text nor an array of texts
 */
export function toScripts(schema: unknown): readonly string[] {
  const scripts: unknown = typeof schema === "string" ? [schema] : schema ?? [];
  if (Array.isArray(scripts) && scripts.every((sql) => typeof sql === "string")) return scripts;
  const subject = {
    operation: "run the schema",
    name: "schema",
    ...(typeof schema === "function" && {
      remedy: "A function could not be cloned to the writer's thread: pass what it returns",
    }),
  };
  throw new TypeError(unexpected(schema, { ...subject, expected: "SQL, or an array of it" }));
}
