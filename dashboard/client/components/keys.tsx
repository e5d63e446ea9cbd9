/**
 * The keys of the page, and the list of them.
 *
 * They act only while no field has the focus and no other key is held, so that they take nothing from typing, from
 * the browser or from a screen reader.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { navigate } from "../lib/router.ts";

const KEYS: readonly [keys: string, effect: string][] = [
  ["/", "search this page"],
  ["j", "next task or run of the list; Enter opens it"],
  ["k", "the one before"],
  ["g r", "all runs"],
  ["?", "this list"],
];

/** Links of a list, in the order of the page. */
const LINKS = ".task-row .cell-name a, .run-name > a:first-child, .pipeline-runs th a";

/** Milliseconds within which the second key of two follows the first. */
const SECOND_KEY_MS = 1_500;

export function Keys({ exported }: { exported: boolean }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let wentAt = -Infinity;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target as Element) || document.querySelector("dialog[open]")) return;
      const isSecond = event.timeStamp - wentAt < SECOND_KEY_MS;
      wentAt = -Infinity;
      switch (event.key) {
        case "/":
          if (!focusSearch()) return;
          break;
        case "j":
          moveFocus(1);
          break;
        case "k":
          moveFocus(-1);
          break;
        case "g":
          wentAt = event.timeStamp;
          return;
        case "r":
          if (!isSecond || exported) return;
          navigate({ view: "runs", before: null });
          break;
        case "?":
          setOpen(true);
          break;
        default:
          return;
      }
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [exported]);
  return (
    <>
      <button
        type="button"
        class="button small keys-button"
        aria-label="Keys of this page"
        onClick={() => setOpen(true)}
      >
        ?
      </button>
      {open && <KeyList onClose={() => setOpen(false)} />}
    </>
  );
}

function KeyList({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <dl class="task-facts">
        {KEYS.map(([keys, effect]) => (
          <>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{effect}</dd>
          </>
        ))}
      </dl>
      <form method="dialog" class="button-row">
        <button type="submit" class="button">Close</button>
      </form>
    </dialog>
  );
}

function isTyping(element: Element): boolean {
  return element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]") ??
    false;
}

/** Focuses the search of the list; whether there is one. */
function focusSearch(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement>("main input[type=search]");
  // The list of tasks stands below the log, which may be searched as well.
  const field = document.querySelector<HTMLInputElement>(".tasks input[type=search]") ?? fields[0];
  field?.focus();
  field?.select();
  return field !== undefined;
}

/** Focuses the next link of the list, or the one before. */
function moveFocus(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>(LINKS)];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const to = at === -1 ? (step === 1 ? 0 : links.length - 1) : at + step;
  links[Math.min(links.length - 1, Math.max(0, to))]?.focus();
}
