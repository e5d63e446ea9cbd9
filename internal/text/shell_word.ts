/**
 * Words of a command line that a person may copy into a shell.
 *
 * @module
 */

/** A text as one word, in quotes where a shell would read it otherwise. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
