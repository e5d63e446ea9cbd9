/**
 * Whether this page may cancel and retry: only when it was opened by the link that the pipeline printed for that, and
 * while that pipeline is there.
 *
 * @module
 */
import { createContext } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Backend } from "../live/backend.ts";
import { askOtherTabs, giveToNewTabs } from "../live/control_token.ts";
import type { LinkState } from "../live/use_live.ts";

/** Whether the page may, for every component. */
export const Control = createContext(false);

/** Asks the server, and again whenever the page finds back to it: it may be another one. */
export function useControl(
  backend: Backend,
  { link, session }: { link: LinkState; session: number },
): boolean {
  const [may, setMay] = useState(false);
  const [given, setGiven] = useState(0);
  useEffect(() => {
    if (!backend.exported) askOtherTabs(() => setGiven((count) => count + 1));
  }, [backend]);
  useEffect(() => {
    if (link !== "live") return;
    let isOver = false;
    backend.mayControl().then((answer) => {
      if (answer === true) giveToNewTabs();
      if (!isOver && answer !== null) setMay(answer);
    });
    return () => {
      isOver = true;
    };
  }, [backend, link, session, given]);
  return may;
}
