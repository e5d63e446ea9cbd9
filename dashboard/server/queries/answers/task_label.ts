/**
 * What makes a task of one run and a task of another the same: their key, else their name.
 *
 * @module
 */
import type { Reader } from "../../reader.ts";
import { textStart } from "../text.ts";

/** Characters of a label that count. */
export const LABEL_CHARACTERS = 300;

/** SQL of the label, as bytes. */
export function labelColumn(reader: Reader): string {
  const name = reader.has("task_runs", "key") ? "coalesce(key, name)" : "name";
  return textStart(name, LABEL_CHARACTERS);
}
