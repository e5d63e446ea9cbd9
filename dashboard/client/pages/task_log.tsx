/**
 * The log of a task.
 *
 * @module
 */
import { isRunning } from "../lib/statuses.ts";
import type { LogLine, LogPage, TaskDetail } from "../../api.ts";
import { useContext, useState } from "preact/hooks";
import { BackendContext } from "../live/backend.ts";
import { CopyButton } from "../components/copy_button.tsx";
import { formatNumberOf } from "../../../internal/units.ts";
import { Clock } from "../components/elapsed.tsx";
import { GoToTheEnd, LogBox, useLogView } from "../components/log_box.tsx";
import { levelOf } from "../../../internal/log_level.ts";
import { memo } from "../lib/memo.ts";
import { SafeText } from "../components/safe_text.tsx";

const EARLIER = 500;

export function TaskLog({ task, logs }: { task: TaskDetail; logs: LogPage }) {
  const backend = useContext(BackendContext);
  const view = useLogView(logs.lines);
  const [earlier, setEarlier] = useState<LogPage | null>(null);
  const lines = joinLines(earlier, logs);
  const isJoined = earlier !== null && !isApart(earlier.lines.at(-1)?.id ?? -1, logs);
  const previous = isJoined ? earlier.previous : logs.previous;

  const ask = () =>
    view.readEarlier(
      () =>
        backend.get<LogPage>(
          `api/tasks/${task.id}/logs?before=${previous}&limit=${EARLIER}`,
        ),
      (page) => setEarlier({ lines: [...page.lines, ...lines], previous: page.previous }),
    );
  const running = isRunning(task);
  return (
    <section class="panel" aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">Log</h2>
        {running && lines.length > 0 &&
          <span class="faint">{view.following ? "following" : ""}</span>}
        <span class="spread" />
        <GoToTheEnd view={view} />
        {lines.length > 0 && (
          <CopyButton
            text={async () => {
              if (backend.exported) return { text: formatLines(lines), label: labelOf(lines) };
              const text = await backend.getText(`api/tasks/${task.id}/log`);
              const count = text.split("\n").length - 1;
              return { text: text.trimEnd(), label: `${formatNumberOf(count, "line")} of the log` };
            }}
            label="the log"
          />
        )}
      </div>
      {lines.length === 0
        ? <p class="empty-list">{running ? "Nothing yet." : "This task logged nothing."}</p>
        : (
          <LogBox
            view={view}
            label={{ "aria-labelledby": "log-title" }}
            onEarlier={previous === null ? undefined : ask}
          >
            {lines.map((line) => <Line key={line.id} line={line} task={task.id} />)}
          </LogBox>
        )}
    </section>
  );
}

/** Lines that were asked for, and those that came by themselves, unless some between them were not sent. */
function joinLines(earlier: LogPage | null, logs: LogPage): LogLine[] {
  const last = earlier?.lines.at(-1)?.id ?? -1;
  if (!earlier || isApart(last, logs)) return logs.lines;
  return [...earlier.lines, ...logs.lines.filter((line) => line.id > last)];
}

function isApart(last: number, { lines, previous }: LogPage): boolean {
  return previous !== null && (lines[0]?.id ?? 0) > last;
}

function labelOf(lines: LogLine[]): string {
  const cut = lines.filter((line) => line.cut).length;
  const count = `${formatNumberOf(lines.length, "line")} of the log`;
  return cut === 0 ? count : `${count}, of ${cut} of them the beginning`;
}

const Line = memo(({ line, task }: { line: LogLine; task: number }) => {
  const backend = useContext(BackendContext);
  const whole = `api/tasks/${task}/logs/${line.id}`;
  return (
    <li class={`log-line level-${levelOf(line.level)}`}>
      <Clock time={line.at} />
      <span class="log-level">
        <SafeText text={line.level} limit={12} />
      </span>
      <span class="log-text">
        <SafeText text={line.message} limit={10_000} />
        {line.cut && (backend.exported ? <span class="faint">… cut in this file</span> : (
          <>
            {" "}
            <a href={whole} download>… whole line</a>
          </>
        ))}
      </span>
    </li>
  );
});

function formatLines(lines: LogLine[]): string {
  return lines.map(({ at, level, message }) => `${at} ${level} ${message}`).join("\n");
}
