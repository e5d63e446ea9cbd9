/**
 * The viewer access token of `pipeloom dashboard`: from an option, from a file, or from the environment. An option
 * is visible in the list of processes; a file and the environment are not.
 *
 * @module
 */
import { readEnv } from "../internal/permissions.ts";
import { CommandError } from "./terminal/failure.ts";
import { sanitize } from "./terminal/sanitize.ts";

/** The environment variable that holds it. */
export const TOKEN_VARIABLE = "PIPELOOM_TOKEN";

/** Reads it; `undefined` where there is none. The environment is read only where that is permitted already. */
export async function viewerToken(
  { token, tokenFile }: { token?: string | undefined; tokenFile?: string },
): Promise<string | undefined> {
  if (token !== undefined) return token;
  if (tokenFile !== undefined) return await readToken(tokenFile, "--token-file");
  return readEnv(TOKEN_VARIABLE);
}

/** Reads a secret from the file that an option names. */
export async function readToken(path: string, option: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new CommandError(
      `Cannot read the token from ${sanitize(path)}: ${(error as Error).message}. ` +
        `Name a file that holds it with ${option}`,
    );
  }
  const token = text.trim();
  if (token !== "") return token;
  throw new CommandError(`Cannot read the token from ${sanitize(path)}: the file is empty`);
}
