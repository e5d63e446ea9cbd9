/**
 * Notifies the drawing code when the program prints: the methods of `console` are wrapped, so
 * that what is drawn can be taken away before and put back after. What is printed goes its usual way, at
 * once and to where it always went; nothing is held back that a crash could lose.
 *
 * @module
 */

/** The methods that print. */
const METHODS = [
  "assert",
  "count",
  "debug",
  "dir",
  "dirxml",
  "error",
  "group",
  "info",
  "log",
  "table",
  "timeEnd",
  "timeLog",
  "trace",
  "warn",
] as const;

/** Calls `before` and `after` around everything that `console` prints, until it is disposed. */
export function aroundConsole(before: () => void, after: () => void): Disposable {
  let depth = 0;
  const wrapped = METHODS.map((method) => {
    const original = console[method] as (...args: unknown[]) => void;
    const wrapper = (...args: unknown[]) => {
      // One method may call another.
      if (depth++ === 0) before();
      try {
        original.apply(console, args);
      } finally {
        if (--depth === 0) after();
      }
    };
    console[method] = wrapper;
    return { method, original, wrapper };
  });
  return {
    [Symbol.dispose]() {
      for (const { method, original, wrapper } of wrapped) {
        // Another library may have wrapped ours.
        if (console[method] === wrapper) console[method] = original as typeof console.log;
      }
    },
  };
}
