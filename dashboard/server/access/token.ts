/**
 * Tokens: random texts that cannot be guessed, and what a text needs to be one.
 *
 * @module
 */

/** Bytes of a token. */
const TOKEN_BYTES = 24;

/** Characters of a token that guards more than this machine: fewer could be guessed over the network. */
const MIN_CHARACTERS = 16;

/** Characters of a token, which a header can carry: visible ASCII. */
const CHARACTERS = /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/;

/** A new token. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/**
 * Refuses a text that cannot be a token. No error shows it.
 *
 * @throws {TypeError} If a header cannot carry it, or it is short and guards more than this machine
 */
export function checkToken(
  token: string | undefined,
  { name, isExposed = false }: { name: string; isExposed?: boolean },
): void {
  if (token === undefined) return;
  if (token === "") {
    throw new TypeError(
      `Cannot use an empty ${name}. Leave it out, or pass at least one character`,
    );
  }
  if (!CHARACTERS.test(token)) {
    throw new TypeError(
      `Cannot use this ${name}: a header cannot carry all of its characters. ` +
        `Use letters, digits and signs of ASCII`,
    );
  }
  if (isExposed && token.length < MIN_CHARACTERS) {
    throw new TypeError(
      `Cannot use a ${name} of ${token.length} characters on an address that others reach: ` +
        `it can be guessed. Use at least ${MIN_CHARACTERS} random characters`,
    );
  }
}

/** Whether a hostname can be reached from this machine only. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

/** An address with tokens after the `#`, so that they are sent to no server and stand in no log. */
export function withTokens(
  url: string,
  tokens: { token?: string | undefined; control?: string },
): string {
  const given = Object.entries(tokens).filter(([, text]) => text !== undefined);
  return given.length === 0 ? url : `${url}#${new URLSearchParams(given as [string, string][])}`;
}
