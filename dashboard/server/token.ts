/**
 * Tokens: random texts that cannot be guessed.
 *
 * @module
 */

/** Bytes of a token. */
const TOKEN_BYTES = 24;

/** A new token, which can stand in an address as it is. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** The address that carries the tokens after the `#`, where there is something to control. */
export function controlUrlOf(
  url: string,
  { token, controlToken }: { token?: string; controlToken?: string },
): string | undefined {
  if (controlToken === undefined) return;
  const tokens = { ...(token === undefined ? {} : { token }), control: controlToken };
  return `${url}#${new URLSearchParams(tokens)}`;
}
