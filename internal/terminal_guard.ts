/**
 * Gives the terminal back whenever this program stops using it: when it ends, whatever ends it, and while it is
 * stopped by Ctrl-Z.
 *
 * A listener for SIGTSTP takes the place of the system's own, and Deno 2.9 does not put that back. So the program
 * stops itself, by SIGTTOU, which nothing listens for: the system ignores it where no shell is there that could
 * continue the program, as it would SIGTSTP. SIGSTOP would stop such a program for ever.
 *
 * `kill -9` leaves no time for anything: then `reset` restores a terminal.
 *
 * @module
 */

/** What a program does with a terminal. Both may be called twice. */
export interface TerminalUse {
  /** Leaves the terminal as it was found. */
  leave(): void;
  /** Takes it again and draws everything: the program was continued, or the window has another size. */
  redraw(): void;
}

/** The last output of a program that exits, or dies of an error. */
const LAST_EVENTS = ["unload", "error", "unhandledrejection"] as const;

/** Watches over a terminal until it is disposed. */
export function guardTerminal({ leave, redraw }: TerminalUse): Disposable {
  const listeners: [Deno.Signal, () => void][] = Deno.build.os === "windows" ? [] : [
    ["SIGTSTP", () => {
      leave();
      try {
        Deno.kill(Deno.pid, "SIGTTOU");
      } catch {
        // A version of Deno that wants a permission for it. Better not stopped than dead.
      }
      redraw();
    }],
    ["SIGCONT", redraw],
    ["SIGWINCH", redraw],
    ["SIGQUIT", () => {
      leave();
      guard[Symbol.dispose]();
      Deno.kill(Deno.pid, "SIGQUIT");
    }],
  ];
  const guard = {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners.splice(0)) {
        Deno.removeSignalListener(signal, listener);
      }
      for (const type of LAST_EVENTS) removeEventListener(type, leave);
    },
  };
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  for (const type of LAST_EVENTS) addEventListener(type, leave);
  return guard;
}
