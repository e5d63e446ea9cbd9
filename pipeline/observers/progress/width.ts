/**
 * How many cells of a terminal a text takes.
 *
 * @module
 */
import measure from "fast-string-truncated-width";

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
const SPACING_MARK = /\p{Mc}/gu;
const JAMO_PART = /[\u1160-\u11ff\ud7b0-\ud7fb]/g;

let segmenter: Intl.Segmenter | undefined;

/**
 * The text in at most `width` cells. It holds no terminal sequences. The library's own way of cutting counts
 * symbols beside letters too late (3.0.3 cuts "two␊lines" to five cells when asked for four).
 */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * The cells that a text takes; terminal sequences take none. The library takes letters that stand after others, as in
 * Hindi, for accents, and the later parts of a Korean syllable for wide letters; terminals do not.
 */
export function widthOf(text: string): number {
  const { width } = measure(text);
  if (ASCII.test(text)) return width;
  return width + count(text, SPACING_MARK) - 2 * count(text, JAMO_PART);
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

/** The text with spaces after it, `width` cells wide. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
