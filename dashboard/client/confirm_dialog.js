/**
 * Asks before something that cannot be undone. The focus begins with what changes nothing, cannot leave the dialog, and
 * returns to where it was: that is what a modal `<dialog>` does by itself.
 *
 * @module
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";

/** `onClose` gets whether it was confirmed; `keep` is the text of the button that changes nothing. */
export function ConfirmDialog({ title, text, keep, label, kind, onClose }) {
  const dialog = useRef(null);
  const keeping = useRef(null);
  useLayoutEffect(() => {
    dialog.current.showModal();
    keeping.current.focus();
  }, []);
  // Escape closes it, too, and says so by the same event.
  const answer = (value) => dialog.current.close(value);
  return html`
    <dialog class="dialog" ref=${dialog} aria-labelledby="dialog-title" aria-describedby="dialog-text"
      onClose=${() => onClose(dialog.current.returnValue === "confirmed")}>
      <h2 id="dialog-title">${title}</h2>
      <p id="dialog-text">${text}</p>
      <div class="dialog-buttons">
        <button type="button" class="button" ref=${keeping} onClick=${() =>
          answer("")}>${keep}</button>
        <button type="button" class=${`button ${kind}`} onClick=${() =>
          answer("confirmed")}>${label}</button>
      </div>
    </dialog>
  `;
}
