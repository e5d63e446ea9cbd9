/**
 * A text of the database: cleaned, cut where it would be too much for a page, and isolated, so that its
 * direction of writing ends with it.
 *
 * @module
 */
import { cleanText, cutText } from "../lib/clean_text.ts";

/** Longer texts in lists are cut. */
const LONGEST = 2000;

export function SafeText(
  { text, limit = LONGEST }: { text: string | null | undefined; limit?: number },
) {
  return <bdi>{cleanText(cutText(text ?? "", limit))}</bdi>;
}
