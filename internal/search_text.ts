/**
 * Text as a search compares it, for every script alike, in the dashboard's server and in an exported page.
 *
 * @module
 */

/** Characters of a message in which a search looks: a message of megabytes would hold up every other request. */
export const SEARCHED_CHARACTERS = 2_000;

/**
 * A text without differences of case and of composition: `Ägypten`, `ägypten` and its decomposed form are one.
 * Upper case, because `ς` and `σ`, `ß` and `ss` share theirs.
 */
export function foldText(text: string): string {
  return text.normalize("NFKC").toUpperCase().normalize("NFC");
}
