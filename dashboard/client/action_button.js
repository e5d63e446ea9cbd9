/**
 * A button that asks the pipeline for something. What comes of it is seen in the events; what keeps it from being done
 * is said below.
 *
 * @module
 */
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce } from "./announcer.js";
import { Backend } from "./backend.js";
import { ConfirmDialog } from "./confirm_dialog.js";
import { html } from "./html.js";
import { focusTitle } from "./page_title.js";

/** Milliseconds in which a change is usually seen; then one may ask again. */
const SETTLED_MS = 3000;

/**
 * `path` is what is asked for, `busyLabel` what the button says until the answer is seen. With `question` a dialog asks
 * first: `{ title, text, keep }`.
 */
export function ActionButton({ path, label, busyLabel, kind = "", question }) {
  const backend = useContext(Backend);
  const button = useRef(null);
  const [state, setState] = useState({ busy: false, answered: false, failure: null });
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    if (!state.answered) return;
    const timer = setTimeout(
      () => setState({ busy: false, answered: false, failure: null }),
      SETTLED_MS,
    );
    return () => clearTimeout(timer);
  }, [state]);
  // Whoever used the keyboard goes on at the top of the page when the button is no longer there.
  useLayoutEffect(() => {
    const { current } = button;
    return () => {
      if (document.activeElement === current) focusTitle();
    };
  }, []);

  const act = async () => {
    setState({ busy: true, answered: false, failure: null });
    try {
      const { answer } = await backend.post(path);
      setState({ busy: true, answered: true, failure: null });
      announce(answer ?? `${label}: asked for, it is done as soon as it can be`);
    } catch (failure) {
      setState({ busy: false, answered: false, failure: failure.message });
    }
  };
  const onClick = () => {
    if (state.busy) return;
    if (question) setAsking(true);
    else act();
  };
  return html`
    <button ref=${button} type="button" class=${`button ${kind}`} aria-disabled=${state.busy}
      onClick=${onClick}>
      ${state.busy ? busyLabel : label}
    </button>
    ${state.failure && html`
      <p class="action-failure is-error-text" role="alert">${state.failure}</p>
    `}
    ${asking && html`
      <${ConfirmDialog} ...${question} label=${label} kind=${kind}
        onClose=${(isConfirmed) => {
          setAsking(false);
          if (isConfirmed) act();
        }} />
    `}
  `;
}
