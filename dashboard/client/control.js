/**
 * Whether this page may cancel and retry: only when it was opened by the link that the pipeline printed for that, and
 * while that pipeline is there. Pages that may not do not load the buttons.
 *
 * @module
 */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { lazy } from "./lazy.js";

/** Whether the page may, for every component. */
export const Control = createContext(false);

/** Asks the server, and again whenever the page finds back to it: it may be another one. */
export function useControl(backend, { link, session }) {
  const [may, setMay] = useState(false);
  useEffect(() => {
    if (link !== "live") return;
    let isOver = false;
    backend.mayControl().then((answer) => {
      if (!isOver && answer !== null) setMay(answer);
    });
    return () => {
      isOver = true;
    };
  }, [backend, link, session]);
  return may;
}

/** What can be asked of a run. */
export const RunControls = whereOneMay(
  lazy(() => import("./control_buttons.js"), { name: "RunButtons" }),
);

/** What can be asked of a task. */
export const TaskControls = whereOneMay(
  lazy(() => import("./control_buttons.js"), { name: "TaskButtons" }),
);

function whereOneMay(View) {
  return (props) => useContext(Control) && html`<${View} ...${props} />`;
}
