/**
 * Errors of the client's sockets to which no code listens: Deno takes them for uncaught errors and would end the
 * process. A server that refuses a client's certificate sends an alert after the handshake; one that refuses its
 * credentials closes a connection that the client has just turned away from. They are taken here, while a connection
 * is being made and shortly after an attempt has failed.
 *
 * @module
 */

/** Milliseconds after an attempt in which an error of its socket may come. */
const LATE_MS = 1_000;

/** Takes such errors until shortly after it is disposed; `alert` rejects when a server ends the handshake with one. */
export function takeStrayErrors(): Disposable & { alert: Promise<never> } {
  const { promise: alert, reject } = Promise.withResolvers<never>();
  alert.catch(() => {});
  const receive = (event: ErrorEvent) => {
    const { message = "", code = "" } = Object(event.error) as { message?: string; code?: string };
    const isAlert = message.startsWith("received fatal alert");
    if (!isAlert && !/^(ECONNRESET|EPIPE)$/.test(code)) return;
    event.preventDefault();
    // The client itself reports that its connection was reset.
    if (isAlert) reject(event.error);
  };
  globalThis.addEventListener("error", receive);
  return {
    alert,
    [Symbol.dispose]() {
      Deno.unrefTimer(setTimeout(() => globalThis.removeEventListener("error", receive), LATE_MS));
    },
  };
}
