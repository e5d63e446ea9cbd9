/**
 * Texts of the database made fit for a terminal. A task's name may hold anything: colours, moves
 * of the cursor, a new title of the window, line ends that fake another task, controls that turn a text round.
 *
 * @module
 */
import { cleanLine } from "../../internal/terminal_text.ts";

// What JSON.stringify leaves as it is and a terminal does not: DEL, one-byte controls, separators, and
// characters that are not seen, such as bidi controls.
const UNSAFE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text in one line, without terminal sequences. */
export function sanitize(text: string): string {
  return cleanLine(text.trim());
}

/** The text with its lines, without terminal sequences. */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(cleanLine).join("\n");
}

/** A value as JSON that does no harm when it is printed, and reads as the same value. */
export function sanitizedJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    UNSAFE,
    // Those past 16 bits are two units of UTF-16.
    (character) =>
      character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}
