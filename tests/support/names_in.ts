/**
 * What is in a folder.
 *
 * @module
 */

/** The sorted names of what is in a folder. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
