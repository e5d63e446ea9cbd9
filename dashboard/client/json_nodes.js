// @ts-check
/**
 * JSON as the nodes of a tree, a level at a time, so that depth and size cost nothing until they are seen.
 *
 * @module
 */

/** A number that JavaScript would round, as it was written. */
export class ExactNumber {
  /** @param {string} source */
  constructor(source) {
    /** @type {string} */
    this.source = source;
  }
}

/**
 * Parses JSON; `null` when it is none.
 *
 * @param {string} text
 * @returns {{ value: unknown } | null}
 */
export function parseJson(text) {
  try {
    return { value: JSON.parse(text, exactly) };
  } catch {
    // Either it is no JSON, or too deep for a function at every value.
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/**
 * @param {string} _key
 * @param {unknown} value
 * @param {{ source?: string }} [context] Not in every browser yet
 */
function exactly(_key, value, context) {
  const rounded = typeof value === "number" && Number.isInteger(value) &&
    !Number.isSafeInteger(value);
  return rounded && context?.source ? new ExactNumber(context.source) : value;
}

/**
 * Whether a value has children.
 *
 * @param {unknown} value
 */
export function isBranch(value) {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

/**
 * Some children of an array or object.
 *
 * @param {object} value
 * @param {number} most
 * @returns {{ entries: [string, unknown][], size: number }}
 */
export function childrenOf(value, most) {
  if (Array.isArray(value)) {
    const entries = value.slice(0, most).map((
      child,
      i,
    ) => /** @type {[string, unknown]} */ ([`${i}`, child]));
    return { entries, size: value.length };
  }
  const keys = Object.keys(value);
  const entries = keys.slice(0, most).map((
    key,
  ) => /** @type {[string, unknown]} */ ([
    key,
    /** @type {Record<string, unknown>} */ (value)[key],
  ]));
  return { entries, size: keys.length };
}

/**
 * What a closed branch says of itself: `[3]`, `{ id, name, … }`.
 *
 * @param {object} value
 */
export function summaryOf(value) {
  const { entries, size } = childrenOf(value, 4);
  if (Array.isArray(value)) return size === 0 ? "[]" : `[${size.toLocaleString("en-US")}]`;
  const keys = entries.map(([key]) => key.length > 24 ? `${key.slice(0, 24)}…` : key);
  return size === 0 ? "{}" : `{ ${keys.join(", ")}${size > keys.length ? ", …" : ""} }`;
}
