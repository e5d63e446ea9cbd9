/**
 * Texts of the database made fit to be shown. They are hostile: a task's name or an error
 * decides what is in them. Markup is not a danger, because the page makes text nodes only; the remaining ones are
 * terminal colours, control characters, and bidi controls that make a text read as something else.
 *
 * @module
 */

// CSI, OSC (up to its end), DCS and the like, two-character escapes, and the one-byte CSI.
const ANSI =
  // deno-lint-ignore no-control-regex
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]/g;

// deno-lint-ignore no-control-regex
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const BIDI: Record<string, string> = {
  "\u061c": "ALM",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
};

/**
 * The text without terminal colours and with every unseen control character as a symbol. Tabs and line
 * ends stay.
 */
export function cleanText(text: string) {
  if (text.search(UNSEEN) < 0) return text;
  return text.replace(/\r\n/g, "\n").replace(ANSI, "").replace(UNSEEN, (character) => {
    const name = BIDI[character];
    if (name) return `‹${name}›`;
    const code = character.charCodeAt(0);
    // Unicode has pictures of the ASCII controls alone.
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** The first characters of a text, never half of a surrogate pair. */
export function cutText(text: string, limit: number) {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit) + "…";
}

/** Whether nothing of a text is seen. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(cleanText(text));
}
