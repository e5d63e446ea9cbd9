/**
 * Asks the browser for a notification when a run ends, while its page stays open.
 *
 * @module
 */
/// <reference lib="dom" />
import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../../api.ts";
import { announce } from "../components/announcer.tsx";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { describeCounts } from "../lib/statuses.ts";

/** Whether a notification is wanted, and why there can be none. */
type State = "" | "wanted" | "denied";

/** Not shown while no server would report the end. */
export function NotifyButton({ run, isGone }: { run: Run; isGone: boolean }) {
  const [state, setState] = useState<State>("");
  const ran = useRef(run.status === "running");
  const running = run.status === "running";
  useEffect(() => {
    if (ran.current && !running && state === "wanted") notify(run);
    ran.current = running;
  }, [running]);
  if (!running || isGone || typeof Notification === "undefined") return null;
  const onClick = async () => {
    if (state === "wanted") return setState("");
    // Browsers ask for it after a click only.
    const isGranted = await Notification.requestPermission() === "granted";
    setState(isGranted ? "wanted" : "denied");
    announce(isGranted ? "You get a notification at the end" : DENIED);
  };
  return (
    <p class="notify">
      <button
        type="button"
        class="button small"
        aria-pressed={state === "wanted"}
        onClick={onClick}
      >
        Notify me
      </button>
      {state === "wanted" && (
        <span class="faint">This browser shows a notification at the end.</span>
      )}
      {state === "denied" && <span class="faint">{DENIED}</span>}
    </p>
  );
}

const DENIED = "The browser does not allow notifications of this page; its settings do.";

function notify({ id, name, status, counts }: Run): void {
  const text = cutText(cleanText(name), 60);
  try {
    const notification = new Notification(`${text} #${id}: ${status}`, {
      body: describeCounts(counts),
      tag: `pipeloom run ${id}`,
    });
    notification.onclick = () => globalThis.focus();
  } catch {
    // Browsers of phones have them for service workers only.
    announce(`${text} has ended`);
  }
}
