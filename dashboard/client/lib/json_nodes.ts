/**
 * JSON as the nodes of a tree, a level at a time, so that depth and size cost nothing until they are seen.
 *
 * @module
 */

/** A number that JavaScript would round, as it was written. */
export class ExactNumber {
  constructor(readonly source: string) {}
}

/** Parses JSON; `null` when it is not JSON. */
export function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text, exactly) };
  } catch {
    // Either it is not JSON, or too deep for a function at every value.
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/**
 * @param context Not in every browser yet
 */
function exactly(_key: string, value: unknown, context?: { source?: string }) {
  const rounded = typeof value === "number" && Number.isInteger(value) &&
    !Number.isSafeInteger(value);
  return rounded && context?.source ? new ExactNumber(context.source) : value;
}

/** Whether a value has children. */
export function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

/** Some children of an array or object. */
export function childrenOf(
  value: object,
  most: number,
): { entries: [string, unknown][]; size: number } {
  if (Array.isArray(value)) {
    const entries = value.slice(0, most).map((
      child,
      i,
    ) => ([`${i}`, child] as [string, unknown]));
    return { entries, size: value.length };
  }
  const keys = Object.keys(value);
  const entries = keys.slice(0, most).map((
    key,
  ) => ([
    key,
    (value as Record<string, unknown>)[key],
  ] as [string, unknown]));
  return { entries, size: keys.length };
}

/** What a closed branch shows of itself: `[3]`, `{ id, name, … }`. */
export function summaryOf(value: object) {
  const { entries, size } = childrenOf(value, 4);
  if (Array.isArray(value)) return size === 0 ? "[]" : `[${size.toLocaleString("en-US")}]`;
  const keys = entries.map(([key]) => key.length > 24 ? `${key.slice(0, 24)}…` : key);
  return size === 0 ? "{}" : `{ ${keys.join(", ")}${size > keys.length ? ", …" : ""} }`;
}
