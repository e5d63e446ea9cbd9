/**
 * Looks at files that need not be looked at: never with a question to the user.
 *
 * @module
 */

/** Whether a file may be read as things are. Without this, Deno would ask in a terminal, and wait. */
export function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
