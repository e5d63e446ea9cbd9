/**
 * What screen readers are told of by themselves: the end of a run, failures, and that something was copied.
 * Never each tick of a number.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";

let tell: (text: string) => void = () => {};

/** Says a text politely. */
export function announce(text: string): void {
  tell(text);
}

export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    // A text that is said twice must change in between.
    tell = (next) => setText((old) => old === next ? `${next}\u00a0` : next);
    return () => {
      tell = () => {};
    };
  }, []);
  return <p class="visually-hidden" role="status" aria-live="polite">{text}</p>;
}
