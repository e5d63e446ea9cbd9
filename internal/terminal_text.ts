/**
 * Foreign text made fit for one line of a terminal or a log: who names a task or throws an error decides
 * what is in it. Terminal sequences could move the cursor or forge lines, bidi controls could make a text
 * read as something else, and unseen characters upset the width of a line.
 *
 * Kept apart from the dashboard's own of the same purpose, which runs in the browser and leaves line ends.
 *
 * @module
 */

// CSI, OSC (up to its end), DCS and the like, two-character escapes, and the one-byte CSI and OSC.
const SEQUENCES =
  // deno-lint-ignore no-control-regex
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]|\x9d[^\x07\x1b\x9c]*[\x07\x9c]?/g;

/**
 * What is not seen, or makes one sign of several in some terminals only: bidi and other format characters, variation
 * selectors, line and paragraph separators, colours of skin.
 */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}]/gu;

/** Controls, which have pictures in Unicode. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g;

const ORDINARY = /^[\x20-\x7e]*$/;

/** The text on one line, without terminal sequences and unseen characters; line ends become `␊`. */
export function cleanLine(text: string): string {
  if (ORDINARY.test(text)) return text;
  // Letters and their accents as one character are as wide everywhere.
  return text.normalize().replace(SEQUENCES, "").replace(/\r\n/g, "\n").replace(UNSEEN, "")
    .replace(CONTROLS, (character) => {
      const code = character.charCodeAt(0);
      if (code === 9) return " ";
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
    });
}
