/**
 * What is announced to screen readers: the end of a run, failures, and that something was copied.
 * Never each tick of a number.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";

let setAnnouncement: (text: string) => void = () => {};

/** Announces a text politely. */
export function announce(text: string): void {
  setAnnouncement(text);
}

export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    // A text that is announced twice must change in between.
    setAnnouncement = (next) => setText((old) => old === next ? `${next}\u00a0` : next);
    return () => {
      setAnnouncement = () => {};
    };
  }, []);
  return <p class="visually-hidden" role="status" aria-live="polite">{text}</p>;
}
