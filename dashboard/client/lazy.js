/**
 * Components whose modules are loaded when they are shown first: what few pages show is no part of the first load.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";

/** `load` imports a module, `name` is the component in it, `waiting` stands in its place until it is there. */
export function lazy(load, { name, waiting = null }) {
  let View = null;
  return function Lazy(props) {
    const [state, setState] = useState(View ? "there" : "waiting");
    useEffect(() => {
      if (View) return;
      let isOver = false;
      load().then((module) => {
        View = module[name];
        return "there";
      }).catch(() => "missing").then((state) => {
        if (!isOver) setState(state);
      });
      return () => {
        isOver = true;
      };
    }, []);
    if (state === "there") return html`<${View} ...${props} />`;
    // The server has another version of the page by now, or is gone.
    return state === "waiting"
      ? waiting
      : html`<p class="note" role="alert">This cannot be loaded: load the page again</p>`;
  };
}
