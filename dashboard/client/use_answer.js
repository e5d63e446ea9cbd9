/**
 * The answer of the API to one request, asked for again when its path changes and, if wanted, every few
 * seconds while the page is seen.
 *
 * @module
 */
import { useContext, useEffect, useState } from "preact/hooks";
import { Backend } from "./backend.js";

const NOTHING = { answer: null, failure: null };

/** `path` may be `null`: then nothing is asked for. */
export function useAnswer(path, { everyMs = 0 } = {}) {
  const backend = useContext(Backend);
  const [state, setState] = useState({ path, ...NOTHING });

  useEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    let timer;
    const ask = async () => {
      try {
        if (!document.hidden || !everyMs) {
          const answer = await backend.get(path, { signal: controller.signal });
          if (!controller.signal.aborted) setState({ path, answer, failure: null });
        }
      } catch (failure) {
        if (controller.signal.aborted) return;
        if (failure.status === 401) backend.signedOut?.();
        // What was known stays on the page.
        setState((old) => ({ path, failure, answer: old.path === path ? old.answer : null }));
      }
      if (everyMs && !controller.signal.aborted) timer = setTimeout(ask, everyMs);
    };
    ask();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [backend, path, everyMs]);

  return state.path === path ? state : { path, ...NOTHING };
}
