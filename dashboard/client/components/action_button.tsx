/**
 * A button that asks the pipeline for something. Its effect is seen in the events; what prevents it
 * is shown below.
 *
 * @module
 */
import type { ControlResult } from "../../api.ts";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce } from "./announcer.tsx";
import { BackendContext } from "../live/backend.ts";
import { ConfirmDialog, type Question } from "./confirm_dialog.tsx";
import { focusTitle } from "./page_title.tsx";

/** Milliseconds in which a change is usually seen; then one may ask again. */
const SETTLED_MS = 3000;

/** How far a request has got. */
interface State {
  busy: boolean;
  answered: boolean;
  failure: string | null;
}

const IDLE: State = { busy: false, answered: false, failure: null };

/**
 * `path` is the request, `busyLabel` the button's text until the answer is seen. With `question` a dialog asks
 * first.
 */
export function ActionButton({ path, label, busyLabel, kind = "", question }: {
  path: string;
  label: string;
  busyLabel: string;
  kind?: string;
  question?: Question;
}) {
  const backend = useContext(BackendContext);
  const button = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState<State>(IDLE);
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    if (!state.answered) return;
    const timer = setTimeout(
      () => setState(IDLE),
      SETTLED_MS,
    );
    return () => clearTimeout(timer);
  }, [state]);
  // The focus of the keyboard moves to the top of the page when the button is no longer there.
  useLayoutEffect(() => {
    const { current } = button;
    return () => {
      if (document.activeElement === current) focusTitle();
    };
  }, []);

  const act = async () => {
    setState({ busy: true, answered: false, failure: null });
    try {
      const { answer } = await backend.post<ControlResult>(path);
      setState({ busy: true, answered: true, failure: null });
      announce(answer ?? `${label}: asked for, it is done as soon as it can be`);
    } catch (failure) {
      setState({ busy: false, answered: false, failure: (failure as Error).message });
    }
  };
  const onClick = () => {
    if (state.busy) return;
    if (question) setAsking(true);
    else act();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={`button ${kind}`}
        aria-disabled={state.busy}
        onClick={onClick}
      >
        {state.busy ? busyLabel : label}
      </button>
      {state.failure && <p class="action-failure is-error-text" role="alert">{state.failure}</p>}
      {asking && (
        <ConfirmDialog
          {...question!}
          label={label}
          kind={kind}
          onClose={(isConfirmed: boolean) => {
            setAsking(false);
            if (isConfirmed) act();
          }}
        />
      )}
    </>
  );
}
