/**
 * The answer of the API to one request, asked for again when its path changes and, if wanted, every few
 * seconds while the page is seen.
 *
 * @module
 */
import { useContext, useEffect, useState } from "preact/hooks";
import { type ApiFailure, BackendContext } from "./backend.ts";

/** What is known of an answer. */
export interface Answer<T> {
  /** The last answer to this path. */
  answer: T | null;
  /** Why there is no newer one. */
  failure: ApiFailure | null;
}

/** Without a path nothing is asked for. */
export function useAnswer<T>(
  path: string | null,
  { everyMs = 0, version }: {
    everyMs?: number;
    /** Asks again when it is another, and keeps the answer until the new one is there. */
    version?: string;
  } = {},
): Answer<T> {
  const backend = useContext(BackendContext);
  const [state, setState] = useState<Answer<T> & { path: string | null }>(
    { path, answer: null, failure: null },
  );

  useEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        if (!document.hidden || !everyMs) {
          const answer = await backend.get<T>(path, { signal });
          if (!signal.aborted) setState({ path, answer, failure: null });
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = error as ApiFailure;
        if (failure.status === 401) backend.signedOut?.();
        // What was known stays on the page.
        setState((old) => ({ path, failure, answer: old.path === path ? old.answer : null }));
      }
      if (everyMs && !signal.aborted) timer = setTimeout(ask, everyMs);
    };
    ask();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [backend, path, everyMs, version]);

  return state.path === path ? state : { answer: null, failure: null };
}
