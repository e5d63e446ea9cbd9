/**
 * A small disk that can be filled, in memory.
 *
 * @module
 */
import { isInstalled } from "./child.ts";

async function run(command: string, ...args: string[]): Promise<string | undefined> {
  const output = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" })
    .output();
  return output.success ? undefined : new TextDecoder().decode(output.stderr).trim();
}

/** A file system of its own in a folder. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes it in a folder that is there; `undefined` where this process may not, which under CI is an error. */
  static async mount(folder: string, kibibytes: number): Promise<SmallDisk | undefined> {
    const why = await isInstalled("mount")
      ? await run("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k,mode=777`, "tmpfs", folder)
      : "there is no mount";
    if (why === undefined) return new SmallDisk(folder);
    if (Deno.env.get("CI")) throw new Error(`Tests need to mount a tmpfs, as root: ${why}`);
    console.log(`A full disk is not tested: ${why}`);
    return undefined;
  }

  /** Makes it larger. */
  async grow(kibibytes: number): Promise<void> {
    const why = await run("mount", "-o", `remount,size=${kibibytes}k`, this.#folder);
    if (why) throw new Error(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const why = await run("umount", this.#folder);
    if (why) throw new Error(why);
  }
}
