/**
 * A field to search in. Its text counts when nothing was typed for a moment, and changes with the address: by a link,
 * the way back or "Clear filters".
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";

const SEARCH_AFTER_MS = 250;

export function SearchField({ label, text, narrow = false, onChange }: {
  label: string;
  text: string;
  narrow?: boolean;
  onChange: (text: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // While nothing is typed for a moment, a click may change what else the address holds.
  const latest = useRef({ text, onChange });
  latest.current = { text, onChange };
  useEffect(() => {
    clearTimeout(timer.current);
    setTyped(text);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label class={narrow ? "search is-narrow" : "search"}>
      <span class="visually-hidden">{label}</span>
      <input
        type="search"
        placeholder={label}
        value={typed}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            if (value !== latest.current.text) latest.current.onChange(value);
          }, SEARCH_AFTER_MS);
        }}
      />
    </label>
  );
}
