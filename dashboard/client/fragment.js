// @ts-check
/**
 * What stands behind the `#` of a link that a server prints: the token to look with, and the one to cancel and retry
 * with. Neither may stay in the address, where it would be copied with it.
 *
 * @module
 */

const CONTROL = /(?:^|&)control=([\w-]+)(?=&|$)/;

/**
 * @param {string} hash `location.hash`
 * @returns {{ token: string | null, control: string | null }}
 */
export function readFragment(hash) {
  const text = hash.replace(/^#/, "");
  const control = CONTROL.exec(text)?.[1] ?? null;
  // A token to look with is any text at all, and links have it as it is or encoded.
  const token = /^&?token=(.+)$/.exec(text.replace(CONTROL, ""))?.[1] ?? null;
  return { control, token: token && decode(token) };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
