/**
 * JSON that holds what it was made of.
 *
 * `JSON.stringify` turns a `Map`, an `Error` or an object with private fields into `{}`, `NaN` into `null`, and bytes
 * into ten times as many digits, without an error. So a value is looked through first, and what would lose its
 * content is refused with the path to it.
 *
 * @module
 */

/** What would be lost, and where it stands within the value, such as `.tags[2]`. */
interface Loss {
  what: string;
  path: string;
}

/** Options of {@linkcode toJson}. */
export interface JsonOptions {
  /** Names the place of a part of the value for an error, by the path to that part. */
  place: (path: string) => string;
  /** Whether a `bigint` becomes a string; otherwise it is refused. */
  bigintAsString?: boolean;
}

/**
 * The JSON of a value; `undefined` where its `toJSON` returns that.
 *
 * Dates are ISO 8601 texts, an object with `toJSON` is what that returns, `undefined` in an array is `null`.
 *
 * @throws {TypeError} If a part of it would lose its content; the message names that part
 */
export function toJson(
  value: unknown,
  { place, bigintAsString = false }: JsonOptions,
): string | undefined {
  let json: string | undefined;
  let loss: Loss | undefined;
  try {
    loss = findLoss(value, "", bigintAsString, []);
    if (!loss) json = JSON.stringify(value, bigintAsString ? withoutBigints : undefined);
  } catch (error) {
    const what = `an object that has no JSON form (${(error as Error).message})`;
    throw lost({ what, path: "" }, place);
  }
  if (loss) throw lost(loss, place);
  return json;
}

function lost({ what, path }: Loss, place: (path: string) => string): TypeError {
  return new TypeError(
    `Cannot store ${what} in ${place(path)}: JSON has no form that keeps its content. ` +
      `Pass plain objects, arrays, strings, finite numbers, booleans, null or valid dates`,
  );
}

function withoutBigints(_key: string, part: unknown): unknown {
  return typeof part === "bigint" ? String(part) : part;
}

/** Finds the first part that JSON would leave out or change; `within` are the objects that it stands in. */
function findLoss(
  value: unknown,
  key: string,
  bigints: boolean,
  within: object[],
): Loss | undefined {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : { what: `${value}`, path: "" };
    case "bigint":
      return bigints || "toJSON" in BigInt.prototype ? undefined : { what: "a bigint", path: "" };
    case "function":
    case "symbol":
      return { what: `a ${typeof value}`, path: "" };
    case "object":
      return value === null ? undefined : findLossInObject(value, key, bigints, within);
  }
  return undefined;
}

function findLossInObject(
  value: object,
  key: string,
  bigints: boolean,
  within: object[],
): Loss | undefined {
  if (isBytes(value)) return { what: nameOf(value), path: "" };
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? { what: "an invalid Date", path: "" } : undefined;
  }
  if (within.includes(value)) return { what: "an object that holds itself", path: "" };
  within.push(value);
  const { toJSON } = value as { toJSON?: unknown };
  const loss = typeof toJSON === "function"
    ? findLoss(toJSON.call(value, key), key, bigints, within)
    : Array.isArray(value)
    ? findLossInItems(value, bigints, within)
    : isPlain(value)
    ? findLossInFields(value, bigints, within)
    : isBoxed(value)
    ? findLoss(value.valueOf(), key, bigints, within)
    : { what: nameOf(value), path: "" };
  within.pop();
  return loss;
}

function findLossInItems(
  items: readonly unknown[],
  bigints: boolean,
  within: object[],
): Loss | undefined {
  for (let i = 0; i < items.length; i++) {
    const loss = findLoss(items[i], `${i}`, bigints, within);
    if (loss) return { ...loss, path: `[${i}]${loss.path}` };
  }
  return undefined;
}

function findLossInFields(value: object, bigints: boolean, within: object[]): Loss | undefined {
  for (const key of Object.keys(value)) {
    let part: unknown;
    try {
      part = (value as Record<string, unknown>)[key];
    } catch (error) {
      return { what: `what cannot be read (${(error as Error)?.message})`, path: field(key) };
    }
    const loss = findLoss(part, key, bigints, within);
    if (loss) return { ...loss, path: `${field(key)}${loss.path}` };
  }
  return undefined;
}

function field(key: string): string {
  return /^[a-z_$][\w$]*$/i.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isBytes(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer;
}

/** Whether an object is not an instance of a class: what its class keeps for itself would be lost. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  // The last in the chain, of whatever realm, is `Object.prototype`.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isBoxed(value: object): boolean {
  return value instanceof String || value instanceof Number || value instanceof Boolean;
}

/** What an object is called in an error, by its class. */
export function nameOf(value: object): string {
  const name = value.constructor?.name || "class instance";
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}
