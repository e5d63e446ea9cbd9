/**
 * The log of a whole run: searched, by level, by task.
 *
 * @module
 */
import { TableLinks } from "../components/table_links.tsx";
import type { Run, RunLogLine, RunLogPage } from "../../api.ts";
import { useContext, useEffect, useState } from "preact/hooks";
import { announce } from "../components/announcer.tsx";
import { Clock } from "../components/elapsed.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { SearchField } from "../components/search_field.tsx";
import { GoToTheEnd, LogBox, useLogView } from "../components/log_box.tsx";
import { levelOf, LOG_LEVELS } from "../../../internal/log_level.ts";
import { memo } from "../lib/memo.ts";
import { formatLogQuery, type LogQuery, type RouteOf } from "../lib/route.ts";
import { hrefOf, navigate } from "../lib/router.ts";
import { BackendContext } from "../live/backend.ts";

const FOLLOW_MS = 1_000;

/** Lines that the page holds: older ones are asked for again. */
const MAX_LINES = 5_000;

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
  const view = useLogView(state?.lines);
  const active = run.status === "running" && live;

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: number | null = null;
    setState(null);
    view.follow();
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

  const change = (log: Partial<LogQuery>) =>
    navigate({ ...route, log: { ...query, ...log } }, { replace: true });
  const earlier = () =>
    view.readEarlier(
      () => backend.get<RunLogPage>(`${path}&before=${state!.previous}`),
      ({ lines, previous }) =>
        setState((old) => old && { ...old, lines: [...lines, ...old.lines], previous }),
    );
  const lines = state?.lines ?? [];
  return (
    <>
      <div class="log-tools">
        <SearchField label="Search the log" text={query.q} onChange={(q) => change({ q })} />
        <SearchField
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
            {LOG_LEVELS.slice(1).map((level) => (
              <option key={level} value={level}>
                {level}
                {level === "error" ? "" : " and above"}
              </option>
            ))}
          </select>
        </label>
        <span class="spread" />
        {active && view.following && lines.length > 0 && <span class="faint">following</span>}
        <GoToTheEnd view={view} />
        <a class="button small" href={`api/runs/${run.id}/log?${params}`} download>Download</a>
        <TableLinks
          csv={`api/runs/${run.id}/csv/log?${params}`}
          json={`api/runs/${run.id}/logs?${params}`}
          label="the log"
        />
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
          <LogBox
            view={view}
            label={{ "aria-label": "Log of the run" }}
            onEarlier={state!.previous === null ? undefined : earlier}
          >
            {lines.map((line) => <Line key={line.id} line={line} />)}
          </LogBox>
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

const Line = memo(({ line }: { line: RunLogLine }) => {
  const { task, level } = line;
  return (
    <li class={`log-line level-${levelOf(level)}`}>
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
