/**
 * Text as a search compares it, for every script alike, in the dashboard's server and in an exported page.
 *
 * @module
 */

/** Characters of a message in which a search looks: a message of megabytes would hold up every other request. */
export const SEARCHED_CHARACTERS = 2_000;

/** Soft hyphens, marks of direction and of width, and invisible joiners. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** The lower case of `İ`, as Unicode has it outside of Turkish. */
const DOTTED_I = /i\u0307/g;

/**
 * A text without differences of case and of composition: `Ägypten`, `ägypten` and its decomposed form are one. Upper
 * case, because `ς` and `σ`, `ß` and `ss` share theirs; lower case before it, which `ẞ` and `ß` share. All four of `I`,
 * `i`, `İ` and `ı` are one, because a text does not show whether it is Turkish. Marks that are not seen, such as those
 * of direction, are left out.
 */
export function foldText(text: string): string {
  return text.replace(UNSEEN, "").normalize("NFKC").toLowerCase().replace(DOTTED_I, "i")
    .toUpperCase()
    .normalize("NFC");
}
