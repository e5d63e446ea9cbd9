/**
 * Programs that are the first process of a namespace, as that of a container is: without a handler of its own a
 * signal does not end such a process.
 *
 * @module
 */

/** Starts a program as the first process; its words follow. */
export const AS_FIRST = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"];

/** Whether that can be done here. */
export const canBeFirst: boolean = await Promise.try(() =>
  new Deno.Command(AS_FIRST[0]!, {
    args: [...AS_FIRST.slice(1), "true"],
    stdout: "null",
    stderr: "null",
  }).output()
).then(({ success }) => success, () => false);

/** The first process that a child of this kind has started, as the machine knows it. */
export async function firstProcess({ pid }: Deno.ChildProcess): Promise<number> {
  return Number(await readProc(`/proc/${pid}/task/${pid}/children`));
}

/** A file of `/proc`, which Deno reads with all permissions only. */
export async function readProc(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [path] }).output();
  return new TextDecoder().decode(stdout);
}
