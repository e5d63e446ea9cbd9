/**
 * A text of the database: cleaned, cut where it would be too much for a page, and isolated, so that its
 * direction of writing ends with it.
 *
 * @module
 */
import { cleanText, cutText } from "./clean_text.js";
import { html } from "./html.js";

/** Longer texts in lists are cut. */
const LONGEST = 2000;

export function SafeText({ text, limit = LONGEST }) {
  return html`<bdi>${cleanText(cutText(text ?? "", limit))}</bdi>`;
}
