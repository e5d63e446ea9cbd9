/**
 * What people put on an error beside its message, such as `status` or `code`: as much of it as can be sent to another
 * thread.
 *
 * @module
 */

/** Properties that are kept of one error. */
const MAX_PROPERTIES = 32;

/** Characters and bytes that are kept of one property: an error may carry a whole response. */
const MAX_SIZE = 16_384;

/** What an error has anyway, and is sent by itself. */
const KNOWN = new Set(["name", "message", "stack", "cause", "errors", "error", "suppressed"]);

/** Copies of the enumerable properties of a value that can be cloned and are small; `undefined` if there is none. */
export function ownProperties(value: object): Record<string, unknown> | undefined {
  const kept: [string, unknown][] = [];
  for (const name of Object.keys(value)) {
    if (KNOWN.has(name) || name === "__proto__") continue;
    let copy: { value: unknown } | undefined;
    try {
      copy = smallCopy((value as Record<string, unknown>)[name]);
    } catch {
      // A getter that throws.
    }
    if (copy && copy.value !== undefined) kept.push([name, copy.value]);
    if (kept.length === MAX_PROPERTIES) break;
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** A copy of a value that is small; `undefined` where it cannot be cloned, as a function or a socket. */
export function smallCopy(value: unknown): { value: unknown } | undefined {
  try {
    return isSmall(value) ? { value: structuredClone(value) } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is about as small as it may be; what JSON leaves out, such as a function, cannot be cloned. */
function isSmall(value: unknown): boolean {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return value.byteLength <= MAX_SIZE;
  }
  let size = 0;
  const seen = new Set<unknown>();
  const add = (part: unknown): boolean => {
    if (typeof part === "string") size += part.length;
    else if (typeof part === "object" && part !== null && !seen.has(part)) {
      seen.add(part);
      if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) size += part.byteLength;
      else if (part instanceof Map || part instanceof Set) {
        for (const entry of part) if (!add(entry)) return false;
      } else {
        for (const [name, inner] of Object.entries(part)) {
          size += name.length;
          if (!add(inner)) return false;
        }
      }
    }
    return ++size <= MAX_SIZE;
  };
  return add(value);
}
