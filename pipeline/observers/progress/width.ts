/**
 * How many cells of a terminal a text takes.
 *
 * @module
 */
import measure from "fast-string-truncated-width";

const segmenter = new Intl.Segmenter();

/**
 * The text in at most `width` cells. It holds no terminal sequences. The library's own way of cutting counts
 * symbols beside letters too late (3.0.3 cuts "two␊lines" to five cells when asked for four).
 */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The cells that a text takes; terminal sequences take none. */
export function widthOf(text: string): number {
  return measure(text).width;
}

/** The text with spaces after it, `width` cells wide. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
