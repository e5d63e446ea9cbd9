/**
 * The log of a whole run: searched, by level, by task; it follows new lines as long as its end is in sight.
 *
 * @module
 */
import type { Run, RunLogLine, RunLogPage } from "../../api.ts";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce } from "../components/announcer.tsx";
import { Clock } from "../components/elapsed.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { memo } from "../lib/memo.ts";
import { formatLogQuery, type LogQuery, type RouteOf } from "../lib/route.ts";
import { hrefOf, navigate } from "../lib/router.ts";
import { BackendContext } from "../live/backend.ts";

const FOLLOW_MS = 1_000;
const SEARCH_AFTER_MS = 300;

/** So near to the end counts as the end. */
const NEAR_PX = 32;

/** Lines that the page holds: older ones are asked for again. */
const MAX_LINES = 5_000;

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** What is known of the log. */
interface State {
  lines: RunLogLine[];
  previous: number | null;
  last: number;
}

export function RunLog({ route, run, live }: {
  route: RouteOf<"run">;
  run: Run;
  live: boolean;
}) {
  const backend = useContext(BackendContext);
  const query = route.log ?? NO_QUERY;
  const params = formatLogQuery(query);
  const path = `api/runs/${run.id}/logs?${params}`;
  const [state, setState] = useState<State | null>(null);
  const [asking, setAsking] = useState(false);
  const [following, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const active = run.status === "running" && live;

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: number | null = null;
    setState(null);
    setFollowing(true);
    const ask = async () => {
      try {
        if (last === null || !document.hidden) {
          const page: RunLogPage = await backend.get(
            last === null ? path : `${path}&after=${last}`,
            { signal },
          );
          if (signal.aborted) return;
          const isFirst = last === null;
          last = page.last;
          setState((old) => isFirst || !old ? page : join(old, page));
        }
      } catch (failure) {
        if (signal.aborted) return;
        announce((failure as Error).message);
      }
      if (active) timer = setTimeout(ask, FOLLOW_MS);
    };
    ask();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [backend, path, active]);

  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [state?.lines, following]);

  const change = (log: Partial<LogQuery>) =>
    navigate({ ...route, log: { ...query, ...log } }, { replace: true });
  const earlier = async () => {
    setAsking(true);
    try {
      const page = await backend.get<RunLogPage>(`${path}&before=${state!.previous}`);
      const { scrollHeight, scrollTop } = box.current!;
      setFollowing(false);
      setState((old) =>
        old && { ...old, lines: [...page.lines, ...old.lines], previous: page.previous }
      );
      // The line that was at the top stays where it is.
      requestAnimationFrame(() => {
        if (box.current) {
          box.current.scrollTop = scrollTop + box.current.scrollHeight - scrollHeight;
        }
      });
    } catch (failure) {
      announce((failure as Error).message);
    } finally {
      setAsking(false);
    }
  };
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current!;
    setFollowing(scrollHeight - scrollTop - clientHeight < NEAR_PX);
  };
  const lines = state?.lines ?? [];
  return (
    <>
      <div class="log-tools">
        <Typed label="Search the log" text={query.q} onChange={(q) => change({ q })} />
        <Typed
          label="Task id"
          text={query.task}
          narrow
          onChange={(task) => change({ task: /^\d{1,15}$/.test(task) ? task : "" })}
        />
        <label class="select-label">
          Level<select
            value={query.level}
            onChange={(event) => change({ level: event.currentTarget.value as LogQuery["level"] })}
          >
            <option value="">all</option>
            {LEVELS.slice(1).map((level) => (
              <option key={level} value={level}>
                {level}
                {level === "error" ? "" : " and above"}
              </option>
            ))}
          </select>
        </label>
        <span class="spread" />
        {active && following && lines.length > 0 && <span class="faint">following</span>}
        {!following && (
          <button
            type="button"
            class="button small"
            onClick={() => setFollowing(true)}
          >
            Go to the end
          </button>
        )}
        <a class="button small" href={`api/runs/${run.id}/log?${params}`} download>Download</a>
      </div>
      {lines.length === 0 && state?.previous == null
        ? (
          <p class="empty-list" role="status">
            {!state
              ? "Reading the log …"
              : params
              ? "No line matches."
              : "No task logged anything."}
          </p>
        )
        : (
          <div
            class="log"
            ref={box}
            tabindex={0}
            role="log"
            aria-live="off"
            aria-label="Log of the run"
            onScroll={onScroll}
          >
            {state!.previous !== null && (
              <button
                type="button"
                class="button small log-earlier"
                disabled={asking}
                onClick={earlier}
              >
                Earlier lines
              </button>
            )}
            <ol>{lines.map((line) => <Line key={line.id} line={line} />)}</ol>
          </div>
        )}
    </>
  );
}

const NO_QUERY: LogQuery = { q: "", level: "", task: "" };

/** Adds new lines; where some between were left out, only the new ones stay. */
function join(old: State, page: RunLogPage): State {
  if (page.previous !== null) return page;
  if (page.lines.length === 0) return { ...old, last: page.last };
  const lines = [...old.lines, ...page.lines];
  const kept = lines.slice(-MAX_LINES);
  const isCut = kept.length < lines.length;
  return { lines: kept, previous: isCut ? kept[0]!.id : old.previous, last: page.last };
}

/** A field whose text counts when nothing was typed for a moment. */
function Typed({ label, text, narrow, onChange }: {
  label: string;
  text: string;
  narrow?: boolean;
  onChange: (text: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(timer.current);
    setTyped(text);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label class={`search ${narrow ? "is-narrow" : ""}`}>
      <span class="visually-hidden">{label}</span>
      <input
        type="search"
        placeholder={label}
        value={typed}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onChange(value), SEARCH_AFTER_MS);
        }}
      />
    </label>
  );
}

const Line = memo(({ line }: { line: RunLogLine }) => {
  const { task, level } = line;
  return (
    <li class={`log-line level-${LEVELS.find((known) => known === level) ?? "info"}`}>
      <Clock time={line.at} />
      <span class="log-level">
        <SafeText text={level} limit={12} />
      </span>
      <span class="log-text">
        <a class="log-task" href={hrefOf({ view: "task", task: task.id })}>
          <Name text={task.name} limit={60} />
        </a>{" "}
        <SafeText text={line.message} limit={10_000} />
        {line.cut && (
          <>
            {" "}
            <a href={`api/tasks/${task.id}/logs/${line.id}`} download>… whole line</a>
          </>
        )}
      </span>
    </li>
  );
});
