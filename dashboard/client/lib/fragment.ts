/**
 * What stands behind the `#` of a link that a server prints: the token to look with, and the one to cancel and retry
 * with. Neither may stay in the address, where it would be copied with it.
 *
 * @module
 */

/**
 * @param hash `location.hash`
 */
export function readFragment(hash: string): { token: string | null; control: string | null } {
  const text = hash.replace(/^#/, "");
  const params = new URLSearchParams(text);
  const control = params.get("control") || null;
  if (control) return { control, token: params.get("token") || null };
  // A link with the one token has it as it is or encoded, and it is any text at all.
  const token = /^token=(.+)$/.exec(text)?.[1] ?? null;
  return { control, token: token && decode(token) };
}

function decode(text: string) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
