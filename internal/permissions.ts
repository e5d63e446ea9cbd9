/**
 * Looks at what is granted: never with a question to the user, which Deno would ask in a terminal, and wait.
 *
 * @module
 */

/** Whether a permission is granted as things are. */
export function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/** Whether a file may be read as things are. */
export function mayRead(path: string | URL): boolean {
  return isGranted({ name: "read", path });
}

/** An environment variable, where it may be read. */
export function readEnv(variable: string): string | undefined {
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}

/** Whether to listen on an address is refused without a question, with an error that no caller can catch. */
export function isListeningRefused(hostname: string, port: number): boolean {
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const { state } = Deno.permissions.querySync({ name: "net", host });
  return state === "denied" || state === "prompt" && !Deno.stdin.isTerminal();
}
