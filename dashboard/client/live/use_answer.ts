/**
 * The answer of the API to one request, asked for again when its path changes, when it failed for a reason
 * that may pass and, if wanted, every few seconds while the page is seen.
 *
 * @module
 */
import { useContext, useEffect, useState } from "preact/hooks";
import { type ApiFailure, BackendContext } from "./backend.ts";

/** Milliseconds until a request is repeated that failed for a reason which may pass: twice as many each time. */
const RETRY_MS = 1_000;

/** Milliseconds between two tries at most. */
const MAX_RETRY_MS = 30_000;

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
    let retryMs = RETRY_MS;
    const ask = async () => {
      let nextMs = everyMs;
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
        if (!everyMs && mayPass(failure)) {
          nextMs = retryMs;
          retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
        }
      }
      if (nextMs && !signal.aborted) timer = setTimeout(ask, nextMs);
    };
    ask();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [backend, path, everyMs, version]);

  return state.path === path ? state : { answer: null, failure: null };
}

/** Whether the server did not answer, has too much to do or failed by itself. */
function mayPass({ status }: ApiFailure): boolean {
  return status === 0 || status === 429 || status >= 500;
}
