/**
 * Processes that the permissions of files hold for.
 *
 * @module
 */
import { isInstalled } from "./child.ts";

/**
 * What starts a child that the operating system's permissions hold for: nothing when this process is one
 * already, `setpriv` when it is root, `undefined` when there is none.
 *
 * The child stays root and loses every capability, so it may do with a file what the file's mode allows its
 * owner. Another user could not enter the folders above the project, Deno or its cache where only root may.
 */
export const unprivileged: string[] | undefined = Deno.build.os === "windows"
  ? undefined
  : Deno.uid() !== 0
  ? []
  : await isInstalled("setpriv")
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
  : undefined;
if (!unprivileged) console.log("Permissions of files are not tested: no way to give up root");
