/**
 * A text of the database: cleaned, cut where it would be too much for a page, and isolated, so that its
 * direction of writing ends with it.
 *
 * @module
 */
import { cleanText, cutText, isBlank } from "../lib/clean_text.ts";

/** Longer texts in lists are cut. */
const LONGEST = 2000;

/** The name of a run or task, by which it is opened: one that shows nothing could not be clicked. */
export function Name({ text, limit }: { text: string; limit?: number }) {
  if (isBlank(text)) return <i class="faint">without a name</i>;
  return <SafeText text={text} limit={limit ?? LONGEST} />;
}

export function SafeText(
  { text, limit = LONGEST }: { text: string | null | undefined; limit?: number },
) {
  return <bdi>{cleanText(cutText(text ?? "", limit))}</bdi>;
}
