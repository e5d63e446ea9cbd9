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
    args: ["info", "--json", entry],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}
