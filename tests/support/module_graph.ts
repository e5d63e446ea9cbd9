/**
 * What modules import, as `deno info` knows it.
 *
 * @module
 */
import { assertEquals } from "./assert.ts";
import { ROOT } from "./child.ts";

/** A module of a graph. */
export interface Module {
  specifier: string;
  dependencies?: { isDynamic?: boolean; code?: Target; type?: Target }[];
}

interface Target {
  specifier?: string;
}

/** Every module that a file of the project leads to, itself among them. */
export async function readModules(entry: string): Promise<Module[]> {
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config=deno.json", entry],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** The package that a specifier such as `npm:@scope/name@^1/part` leads to; another specifier as it is. */
export function packageOf(specifier: string): string {
  return /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)?.[1] ?? specifier;
}
