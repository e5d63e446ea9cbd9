/**
 * A server that refuses a client's certificate says so in an alert after the handshake, when no code listens to the
 * socket: Deno takes it for an uncaught error and would end the process. It is heard here, for as long as a connection
 * is being made.
 *
 * @module
 */

/** Rejects when a server ends the handshake with an alert, until it is disposed. */
export function tlsAlert(): Disposable & { alert: Promise<never> } {
  const { promise: alert, reject } = Promise.withResolvers<never>();
  alert.catch(() => {});
  const hear = (event: ErrorEvent) => {
    if (!/^received fatal alert/.test(event.error?.message ?? "")) return;
    event.preventDefault();
    reject(event.error);
  };
  globalThis.addEventListener("error", hear);
  return { alert, [Symbol.dispose]: () => globalThis.removeEventListener("error", hear) };
}
