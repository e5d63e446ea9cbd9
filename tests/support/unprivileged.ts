/**
 * Processes that the permissions of files hold for.
 *
 * @module
 */
import { isInstalled } from "./child.ts";

/**
 * What starts a child that the operating system's permissions hold for: nothing when this process is one
 * already, `setpriv` when it is root, `undefined` when there is none.
 */
export const unprivileged: string[] | undefined = Deno.build.os === "windows"
  ? undefined
  : Deno.uid() !== 0
  ? []
  : await isInstalled("setpriv")
  ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
  : undefined;
if (!unprivileged) console.log("Permissions of files are not tested: no way to give up root");
