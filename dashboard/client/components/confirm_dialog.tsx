/**
 * Asks before something that cannot be undone. The focus begins with what changes nothing, cannot leave the dialog, and
 * returns to where it was: that is what a modal `<dialog>` does by itself.
 *
 * @module
 */
import { useLayoutEffect, useRef } from "preact/hooks";

/** A question before something is done. */
export interface Question {
  title: string;
  text: string;
  /** Label of the button that changes nothing. */
  keep: string;
}

/** `onClose` gets whether it was confirmed. */
export function ConfirmDialog({ title, text, keep, label, kind, onClose }: Question & {
  label: string;
  kind: string;
  onClose: (isConfirmed: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const keeping = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    dialog.current!.showModal();
    keeping.current!.focus();
  }, []);
  // Escape closes it, too, and fires the same event.
  const answer = (value: string) => dialog.current!.close(value);
  return (
    <dialog
      class="dialog"
      ref={dialog}
      aria-labelledby="dialog-title"
      aria-describedby="dialog-text"
      onClose={() => onClose(dialog.current!.returnValue === "confirmed")}
    >
      <h2 id="dialog-title">{title}</h2>
      <p id="dialog-text">{text}</p>
      <div class="dialog-buttons">
        <button type="button" class="button" ref={keeping} onClick={() => answer("")}>
          {keep}
        </button>
        <button type="button" class={`button ${kind}`} onClick={() => answer("confirmed")}>
          {label}
        </button>
      </div>
    </dialog>
  );
}
