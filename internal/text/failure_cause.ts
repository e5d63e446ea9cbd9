/**
 * Folds messages of failures that differ only in their particulars into one text, their cause, so that failures can
 * be counted by cause: `Row 12 of "a.csv" is empty` and `Row 7 of "b.csv" is empty` are `Row # of "…" is empty`.
 *
 * `#` stands for numbers, times, UUIDs, hashes and other ids alike: of random ids some are numbers only.
 *
 * @module
 */

/** Characters of a message that are looked at, and of a cause. */
export const CAUSE_READS = 1_000;
const CAUSE_CHARACTERS = 200;

/** A part of a path: no blank, and nothing that ends a path within a sentence. */
const PART = String.raw`[^\s/\\"'${"`"}<>|:;,()[\]{}=]`;

/** Endings of files with data, by which a name without a folder is known. */
const FILES = "csv|tsv|jsonl?|ndjson|parquet|avro|xml|ya?ml|txt|log|sql|db|sqlite3?|xlsx?|html?|" +
  "pdf|png|jpe?g|gif|webp|svg|tiff?|mp[34]|zip|tar|t?gz|bz2|zst|7z";

/** What is folded, in this order. */
const FOLDS: readonly [RegExp, string][] = [
  // Quoted parts; an apostrophe within a word opens none.
  [/(?<![\w"])"(?:[^"\\]|\\.)*"/g, '"…"'],
  [/(?<![\w'])'(?:[^'\\]|\\.)*'(?!\w)/g, '"…"'],
  [/`[^`]*`|„[^“”]*[“”]|“[^”]*”|‘[^’]*’|«[^»]*»/g, '"…"'],
  [/\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>()]*[^\s"'<>().,:;]/gi, "<url>"],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "<address>"],
  // From a root, a drive, a server, `~` or `.`; of several folders; of one where its file has an ending.
  [
    new RegExp(
      String
        .raw`(?<![\w<])(?:[A-Za-z]:[\\/]|\\\\|~?[\\/]|\.{1,2}[\\/])(?:${PART}+[\\/])*${PART}*(?<=[^.\\/\s]|[\\/])(?::\d+)*`,
      "g",
    ),
    "<path>",
  ],
  [
    new RegExp(
      String
        .raw`(?<![\w<])(?:${PART}+[\\/]){2,}${PART}*(?<!\.)(?::\d+)*|(?<![\w<])${PART}+[\\/]${PART}*\.\w{1,8}\b(?::\d+)*`,
      "g",
    ),
    "<path>",
  ],
  [
    new RegExp(String.raw`(?<![\w<./])[\w-]+(?:\.[\w-]+)*\.(?:${FILES})\b(?::\d+)*`, "gi"),
    "<path>",
  ],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, "#"],
  [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, "#"],
  [/\b0x[\da-f]+\b/gi, "#"],
  // Hashes, and ids of letters and figures mixed.
  [/\b(?=[a-z]*\d)(?=\d*[a-z])[\da-f]{6,}\b/gi, "#"],
  [/\b(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{16,}\b/g, "#"],
  [/\b(?:[A-Za-z]*\d+[A-Za-z]+\d|\d+[A-Za-z]+\d)[A-Za-z\d]*\b/g, "#"],
  [/[-−]?\d+(?:[.,:_/-]?\d+)*(?:e[+-]?\d+)?/gi, "#"],
  // Lists are one, however long.
  [/(#|"…"|<path>|<url>|<address>)(?:,? (?:and )?\1|,\1)+/g, "$1"],
  [/\s+/g, " "],
];

/** The cause of a task's failure, in one line. */
export function failureLine(error: string | null, message: string | null): string {
  const text = (message ?? "").trim();
  const thrown = (error ?? "").trim();
  if (thrown === "") return firstLine(text);
  const line = firstLine(thrown);
  const name = /^(?:Uncaught )?[\w$.]*(?:Error|Exception)?: /.exec(line)?.[0] ?? "";
  // The message holds more where the reasons are inside the error.
  const rest = line.slice(name.length);
  return rest !== "" && text.startsWith(rest) ? name + firstLine(text) : line;
}

/** The cause of failures with such a line. */
export function causeOf(line: string): string {
  let text = line.slice(0, CAUSE_READS);
  for (const [pattern, sign] of FOLDS) text = text.replace(pattern, sign);
  // What was cut within a quoted part has no end of it.
  if (line.length >= CAUSE_READS) text = text.replace(/(?<![\w…])["'`“‘«](?!…)[^"'`]*$/, '"…"');
  return text.trim().slice(0, CAUSE_CHARACTERS).replace(/[\ud800-\udbff]$/, "");
}

/** A short name of a cause, the same in every process. */
export function causeId(cause: string): string {
  // Two rounds of FNV-1a, whose halves make 52 bits: causes are some thousands.
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < cause.length; i++) {
    const unit = cause.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit ^ (a >>> 15), 0x01000193);
  }
  return ((a >>> 6) * 0x4000000 + (b >>> 6)).toString(36);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.trim();
}
