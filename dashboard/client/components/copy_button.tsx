/**
 * Copies a text. `navigator.clipboard` is there on HTTPS and localhost alone, so on plain HTTP an unseen
 * text field and the old command do it.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { announce } from "./announcer.tsx";

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
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

/** `text` is a text, or a function that makes it when it is wanted. */
export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const [state, setState] = useState("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const onClick = async () => {
    const copied = await copy(typeof text === "function" ? text() : text);
    setState(copied ? "Copied" : "Cannot copy");
    announce(copied ? `Copied ${label}` : `Cannot copy ${label}: the browser does not allow it`);
  };
  return (
    <button type="button" class="button small" aria-label={`Copy ${label}`} onClick={onClick}>
      {state || "Copy"}
    </button>
  );
}
