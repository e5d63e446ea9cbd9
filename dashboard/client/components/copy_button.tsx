/**
 * Copies a text. `navigator.clipboard` is there on HTTPS and localhost alone, so on plain HTTP an unseen
 * text field and the old command do it.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { announce } from "./announcer.tsx";

/** A text, and what it is. */
interface Copied {
  text: string;
  label: string;
}

/** `text` is a text, or a function that reads it when it is wanted, and labels what it has read. */
export function CopyButton({ text, label, verb = "Copy" }: {
  text: string | (() => Promise<Copied>);
  label: string;
  /** What the button shows. */
  verb?: string;
}) {
  const [state, setState] = useState<"" | "busy" | "copied" | "failed">("");
  const [note, setNote] = useState("");
  useEffect(() => {
    if (state === "" || state === "busy") return;
    const timer = setTimeout(() => {
      setState("");
      setNote("");
    }, 4000);
    return () => clearTimeout(timer);
  }, [state]);
  const onClick = async () => {
    if (state === "busy") return;
    setState("busy");
    const read = typeof text === "string" ? Promise.resolve({ text, label }) : text();
    try {
      await copy(read.then(({ text }) => text));
      const copied = `Copied ${(await read).label}`;
      setState("copied");
      if (typeof text === "function") setNote(copied);
      announce(copied);
    } catch (failure) {
      const reason = `Cannot copy ${label}: ${(failure as Error).message}`;
      setState("failed");
      setNote(reason);
      announce(reason);
    }
  };
  return (
    <>
      {note && <span class="note">{note}</span>}
      <button
        type="button"
        class="button small"
        aria-label={`Copy ${label}`}
        aria-disabled={state === "busy"}
        onClick={onClick}
      >
        {state === "" ? verb : LABELS[state]}
      </button>
    </>
  );
}

const LABELS = { busy: "Copying …", copied: "Copied", failed: "Cannot copy" };

async function copy(text: Promise<string>): Promise<void> {
  if (navigator.clipboard && "ClipboardItem" in globalThis) {
    // Asked for at once: a browser allows it for some seconds after a click only.
    const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
    try {
      return await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } catch {
      // Not allowed here; the old command may be.
    }
  }
  if (!copyBySelection(await text)) throw new Error("the browser does not allow it");
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement as HTMLElement | null;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  field.setAttribute("aria-hidden", "true");
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus?.();
  return copied;
}
