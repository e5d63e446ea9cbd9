/**
 * Checks of what a caller passes, and the one form of their errors:
 * `Cannot <operation>: expected <what> for <name>, got <value>. <Remedy>`.
 *
 * `deno run` checks no types, so each option that a program misspells or gives the wrong kind of value would be
 * silently ignored, or fail far from its cause. A number out of range is a `RangeError`; everything else is a
 * `TypeError`. Rejected: a schema library, which would be loaded by every Worker to check some thirty options.
 *
 * @module
 */

/** What a value is for, as its error names it. */
export interface Subject {
  /** What cannot be done, such as `run the pipeline`. */
  operation: string;
  /** The option or parameter, such as `workers`. */
  name: string;
  /** What the caller can do about it: a sentence without its full stop. */
  remedy?: string;
}

/** The numbers that are accepted. */
export interface Bounds {
  /** The least. */
  min: number;
  /** The greatest; no limit unless given. */
  max?: number;
}

/** The longest time that a timer can wait, in milliseconds: a longer one fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The text of an error about a value. */
export function unexpected(
  value: unknown,
  { operation, name, remedy, expected }: Subject & { expected: string },
): string {
  const reason = `Cannot ${operation}: expected ${expected} for ${name}, got ${shown(value)}`;
  return remedy ? `${reason}. ${remedy}` : reason;
}

/**
 * Returns an integer within bounds.
 *
 * @throws {RangeError} If it is anything else
 */
export function checkInteger(value: unknown, subject: Subject & Bounds): number {
  if (Number.isSafeInteger(value) && isWithin(value as number, subject)) return value as number;
  throw new RangeError(
    unexpected(value, { ...subject, expected: `an integer ${range(subject)}` }),
  );
}

/**
 * Returns a number of milliseconds within bounds. By default the greatest is what a timer can wait.
 *
 * @throws {RangeError} If it is anything else
 */
export function checkMilliseconds(value: unknown, subject: Subject & Bounds): number {
  const bounds = { max: MAX_TIMER_MS, ...subject };
  if (typeof value === "number" && isWithin(value, bounds)) return value;
  throw new RangeError(
    unexpected(value, { ...subject, expected: `milliseconds ${range(bounds)}` }),
  );
}

/**
 * Returns one of a few texts.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkChoice<Choice extends string>(
  value: unknown,
  { choices, ...subject }: Subject & { choices: readonly Choice[] },
): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  throw new TypeError(unexpected(value, { ...subject, expected }));
}

/**
 * Refuses what is neither `true` nor `false`: a text such as `"false"` would be taken for true.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkBoolean(value: unknown, subject: Subject): void {
  if (typeof value === "boolean") return;
  throw new TypeError(unexpected(value, { ...subject, expected: "true or false" }));
}

/**
 * Refuses what is not a function.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkFunction(value: unknown, subject: Subject): void {
  if (typeof value === "function") return;
  throw new TypeError(unexpected(value, { ...subject, expected: "a function" }));
}

/**
 * Refuses what is not an `AbortSignal`.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkSignal(value: unknown, subject: Subject): void {
  if (value instanceof AbortSignal) return;
  const expected = "the signal of an AbortController";
  throw new TypeError(unexpected(value, { ...subject, expected }));
}

/**
 * Returns a text that is not empty.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkText(value: unknown, subject: Subject): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(unexpected(value, { ...subject, expected: "a text that is not empty" }));
}

/**
 * Refuses what is not an array of texts.
 *
 * @throws {TypeError} If it is anything else
 */
export function checkTexts(value: unknown, subject: Subject): void {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return;
  throw new TypeError(unexpected(value, { ...subject, expected: "an array of names" }));
}

/** The options that there are. */
export interface KnownOptions {
  /** What cannot be done with others. */
  operation: string;
  /** Their names. */
  known: readonly string[];
  /** Names of earlier versions, and what they are called now. */
  renamed?: Renamed | undefined;
}

/** Old names, and what they are called now. */
export type Renamed = Readonly<Record<string, string>>;

/** The names of an interface's options; the compiler refuses a table that lacks one. */
export function namesOf<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses what is not an object, and options of an unknown name, so that a misspelled one is not silently ignored.
 *
 * @throws {TypeError} If there is one; the message names the option that was probably meant
 */
export function checkOptionNames(
  options: object,
  { operation, known, renamed }: KnownOptions,
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot ${operation}: expected an object of options, got ${Deno.inspect(options)}`,
    );
  }
  for (const name in options) {
    if (known.includes(name)) continue;
    const now = renamed && Object.hasOwn(renamed, name) ? renamed[name] : undefined;
    if (now) {
      throw new TypeError(`Cannot ${operation}: option "${name}" was renamed. Use "${now}"`);
    }
    const meant = closest(name, known);
    const remedy = meant
      ? `; did you mean "${meant}"?`
      : `. Remove it, or use one of ${known.join(", ")}`;
    throw new TypeError(`Cannot ${operation}: unknown option ${Deno.inspect(name)}${remedy}`);
  }
}

/** What an option must be where it is given. `"own check"` is one that is checked where it is read. */
export type Kind = "boolean" | "function" | "own check" | "signal" | "text";

/** The kind of each option of an interface; the compiler refuses a table that lacks one. */
export type KindsOf<Options> = Readonly<Record<keyof Options, Kind>>;

/**
 * Refuses options of an unknown name, and values of another kind than their option: `atomic: "false"` would be taken
 * for true. An option that is `undefined` is absent.
 *
 * @throws {TypeError} If there is one
 */
export function checkOptions(
  options: object,
  { operation, kinds, renamed }: {
    operation: string;
    kinds: Readonly<Record<string, Kind>>;
    renamed?: Renamed;
  },
): void {
  checkOptionNames(options, { operation, known: Object.keys(kinds), renamed });
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) CHECKS[kinds[name]!](value, { operation, name });
  }
}

const CHECKS: Readonly<Record<Kind, (value: unknown, subject: Subject) => void>> = {
  "boolean": checkBoolean,
  "function": checkFunction,
  "own check": () => {},
  "signal": checkSignal,
  "text": checkText,
};

/**
 * Lets members of a class that were renamed throw a `TypeError` that names the new one, instead of being
 * `undefined`. They are unknown to the compiler, and are not listed with the object.
 */
export function refuseOldMembers(
  prototype: object,
  { owner, renamed }: { owner: string; renamed: Renamed },
): void {
  for (const [name, now] of Object.entries(renamed)) {
    Object.defineProperty(prototype, name, {
      get() {
        throw new TypeError(`Cannot read ${owner}.${name}: it was renamed. Use ${owner}.${now}`);
      },
    });
  }
}

/** The known name that a misspelled one is closest to, unless all of them are too different. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const text = name.toLowerCase();
  let found: string | undefined;
  let least = Math.ceil(text.length / 3) + 1;
  for (const candidate of known) {
    const edits = distance(text, candidate.toLowerCase());
    if (edits < least) [found, least] = [candidate, edits];
  }
  return found;
}

/** The edits that turn one text into another: a letter more, less, other, or two of them swapped. */
function distance(from: string, to: string): number {
  let [before, last] = [[] as number[], Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const other = from[i - 1] === to[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + other);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
      }
    }
    [before, last] = [last, row];
  }
  return last[to.length]!;
}

function isWithin(value: number, { min, max = Infinity }: Bounds): boolean {
  return value >= min && value <= max;
}

function range({ min, max }: Bounds): string {
  return max === undefined ? `≥ ${min}` : `from ${min} to ${max}`;
}

function shown(value: unknown): string {
  return Deno.inspect(value, { depth: 1, strAbbreviateSize: 100 });
}
