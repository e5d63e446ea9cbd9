/**
 * The live state of the view that the address names: one stream at a time, opened with the view, closed
 * when it changes, when the reader pauses it and while nobody has looked at the page for a minute.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { answerOffline } from "./offline.js";
import { applyRun, applyRuns, applyTask } from "./patches.js";
import { setClock, stopClock } from "./clock.js";
import { LiveLink } from "./live_link.js";
import { livePath } from "./route.js";

const APPLY = { runs: applyRuns, run: applyRun, task: applyTask, compare: applyRuns };

/** A hidden page keeps its stream so long; then it makes room for others (browsers allow six). */
const HIDDEN_MS = 60_000;

/**
 * Gives `{ link, data, source, heardAt, current }`: `link` is `connecting`, `live`, `reconnecting`, `paused`,
 * `signed-out` or `export`; `current` is false while `data` is that of the query before.
 */
export function useLive(backend, route, { paused, session }) {
  const path = livePath(route);
  const subject = subjectOf(route);
  const [state, setState] = useState({
    link: "connecting",
    data: null,
    source: null,
    heardAt: null,
  });
  const shownPath = useRef(null);
  const stopped = useLongHidden() || paused;

  useEffect(() => {
    const apply = APPLY[route.view];
    const { exported } = backend;
    if (exported) {
      const event = answerOffline(exported, path);
      stopClock(exported.now);
      const data = apply(null, "snapshot", event);
      setState({ link: "export", data, source: event.source, heardAt: null, subject, path });
      return;
    }
    if (stopped && shownPath.current === path) {
      stopClock();
      setState((old) => ({ ...old, link: "paused" }));
      return;
    }
    // The same subject keeps what is shown until the new answer is there.
    setState((old) => old.subject === subject ? old : { ...old, data: null, subject });

    const link = new LiveLink(path, {
      probe: backend.probe,
      changed(name) {
        if (name !== "live") stopClock();
        setState((old) => ({ ...old, link: name }));
      },
      heard(type, event) {
        setClock(event.now);
        if (type === "snapshot") shownPath.current = path;
        setState((old) => ({
          subject,
          link: "live",
          heardAt: Date.now(),
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
    globalThis.addEventListener("pagehide", suspend);
    globalThis.addEventListener("pageshow", retry);
    globalThis.addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
    return () => {
      globalThis.removeEventListener("pagehide", suspend);
      globalThis.removeEventListener("pageshow", retry);
      globalThis.removeEventListener("online", retry);
      document.removeEventListener("visibilitychange", retry);
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
function subjectOf(route) {
  if (route.view === "run") return `run ${route.run}`;
  return route.view === "task" ? `task ${route.task}` : "runs";
}

/** Whether nobody has looked at the page for a while. */
function useLongHidden() {
  const [hidden, setHidden] = useState(false);
  useEffect(() => {
    let timer;
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => setHidden(true), HIDDEN_MS);
      else setHidden(false);
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return hidden;
}
