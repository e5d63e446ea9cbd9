/**
 * The live state of the view that the address names: one stream at a time, opened with the view, closed
 * when it changes, when the reader pauses it and while the page is hidden.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type {
  LiveEvent,
  Run,
  RunsSnapshot,
  SourceState,
  TaskDetail,
  TaskSnapshot,
} from "../../api.ts";
import { livePath, type Route } from "../lib/route.ts";
import type { Backend } from "./backend.ts";
import { setClock, stopClock } from "./clock.ts";
import { openLink } from "./shared_link.ts";
import { answerOffline } from "./offline.ts";
import { applyRun, applyRuns, applyTask, type RunState } from "./patches.ts";

/** Whether what the page shows is live, and why not. */
export type LinkState =
  | "connecting"
  | "live"
  | "reconnecting"
  /** Nothing answers where the server was. */
  | "gone"
  | "paused"
  | "signed-out"
  | "export";

/** What a view shows. */
export type LiveData = RunsSnapshot | RunState | TaskSnapshot;

/** The run that data is about: that of the page, or the newest. */
export function runIn(data: LiveData | null): Run | null {
  if (!data) return null;
  if ("runs" in data) return data.runs[0] ?? null;
  return "run" in data ? data.run : null;
}

/** The task that data is about. */
export function taskIn(data: LiveData | null): TaskDetail | null {
  return data && "task" in data ? data.task : null;
}

/** The live state of a view. */
export interface Live<T = LiveData> {
  link: LinkState;
  /** What is known, `null` before the first answer. */
  data: T | null;
  source: SourceState | null;
  /** The browser's time of the last event. */
  receivedAt: number | null;
  /** False while `data` is that of the query before. */
  current: boolean;
}

interface State extends Omit<Live, "current"> {
  subject?: string;
  path?: string | undefined;
}

/** Folds an event into what is known. */
type Apply = (data: LiveData | null, type: "snapshot" | "patch", event: LiveEvent) => LiveData;

const APPLY = {
  runs: applyRuns,
  run: applyRun,
  task: applyTask,
  compare: applyRuns,
  data: applyRuns,
  pipeline: applyRuns,
};

export function useLive(
  backend: Backend,
  route: Route,
  { paused, session }: { paused: boolean; session: number },
): Live {
  const path = livePath(route);
  const subject = subjectOf(route);
  const [state, setState] = useState<State>({
    link: "connecting",
    data: null,
    source: null,
    receivedAt: null,
  });
  const shownPath = useRef<string | null>(null);
  const hidden = useHidden();
  const stopped = hidden || paused;

  useEffect(() => {
    const apply = APPLY[route.view] as Apply;
    const { exported } = backend;
    if (exported) {
      const event = answerOffline(exported, path) as LiveEvent;
      stopClock(exported.now);
      const data = apply(null, "snapshot", event);
      setState({ link: "export", data, source: event.source!, receivedAt: null, subject, path });
      return;
    }
    if (stopped && shownPath.current === path) {
      stopClock();
      setState((old) => ({ ...old, link: "paused" }));
      return;
    }
    // The same subject keeps what is shown until the new answer is there.
    setState((old) => ({
      ...old,
      link: old.link === "paused" ? "connecting" : old.link,
      data: old.subject === subject ? old.data : null,
      subject,
    }));

    const link = openLink(path, {
      probe: backend.probe,
      changed(name) {
        if (name !== "live") stopClock();
        setState((old) => ({ ...old, link: name }));
      },
      received(type, event) {
        setClock(event.now);
        if (type === "snapshot") shownPath.current = path;
        setState((old) => ({
          subject,
          link: "live",
          receivedAt: Date.now(),
          source: event.source ?? old.source,
          data: type === "ping" ? old.data : apply(old.data, type, event),
          path: type === "snapshot" ? path : old.path,
        }));
        if (!stopped || type !== "snapshot") return;
        // Another view was opened while paused: this is all of it.
        link.close();
        stopClock();
        setState((old) => ({ ...old, link: "paused" }));
      },
    });
    const retry = () => link.retryNow();
    // A page that the browser keeps for the way back would keep its connection, of which it has six.
    const suspend = () => link.suspend();
    // A page that is left becomes hidden after that: it would watch again.
    const look = () => {
      if (!document.hidden) link.retryNow();
    };
    globalThis.addEventListener("pagehide", suspend);
    globalThis.addEventListener("pageshow", retry);
    globalThis.addEventListener("online", retry);
    document.addEventListener("visibilitychange", look);
    return () => {
      globalThis.removeEventListener("pagehide", suspend);
      globalThis.removeEventListener("pageshow", retry);
      globalThis.removeEventListener("online", retry);
      document.removeEventListener("visibilitychange", look);
      link.close();
    };
  }, [backend, subject, path, stopped, session]);

  return {
    ...state,
    data: state.subject === subject ? state.data : null,
    current: state.path === path,
  };
}

/** What data is kept for while only the filter or the sort changes. */
function subjectOf(route: Route): string {
  if (route.view === "run") return `run ${route.run}`;
  return route.view === "task" ? `task ${route.task}` : "runs";
}

/** Whether the page is not seen: then it makes room for others. */
function useHidden(): boolean {
  const [hidden, setHidden] = useState(document.hidden);
  useEffect(() => {
    const look = () => setHidden(document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return hidden;
}
