/**
 * The paths that runs are known to need: this folder, those of the definitions, and that of this program.
 *
 * @module
 */
import { paths, workingFolder } from "../../internal/paths.ts";
import { toModuleUrl } from "../load_definition.ts";
import type { KnownPaths } from "./child_flags.ts";

/** Finds them; `:name` of an export at the end of a file makes no other folder. */
export async function knownPaths(files: readonly string[]): Promise<KnownPaths> {
  const { fromFileUrl } = await paths();
  const here = workingFolder();
  const urls = await Promise.all(files.map(toModuleUrl));
  const own = new URL("../../", import.meta.url);
  const folders = [...urls.map((url) => new URL(".", url)), own]
    .filter(({ protocol }) => protocol === "file:")
    .map((url) => fromFileUrl(url).replace(/(?<=.)[/\\]$/, ""));
  const known = here === undefined ? [] : [here];
  return { read: [...known, ...folders], write: known };
}
