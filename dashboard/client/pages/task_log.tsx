/**
 * The log of a task. It follows new lines as long as its end is in sight: who scrolls up stays there.
 *
 * @module
 */
import type { LogLine, LogPage, TaskDetail } from "../../api.ts";
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce } from "../components/announcer.tsx";
import { BackendContext } from "../live/backend.ts";
import { CopyButton } from "../components/copy_button.tsx";
import { formatNumberOf } from "../../../internal/units.ts";
import { Clock } from "../components/elapsed.tsx";
import { memo } from "../lib/memo.ts";
import { SafeText } from "../components/safe_text.tsx";

/** So near to the end counts as the end. */
const NEAR_PX = 32;
const EARLIER = 500;
const LEVELS = ["debug", "info", "warn", "error"];

export function TaskLog({ task, logs }: { task: TaskDetail; logs: LogPage }) {
  const backend = useContext(BackendContext);
  const box = useRef<HTMLDivElement>(null);
  const [earlier, setEarlier] = useState<LogPage | null>(null);
  const [asking, setAsking] = useState(false);
  const [following, setFollowing] = useState(true);
  const lines = joinLines(earlier, logs);
  const isJoined = earlier !== null && !isApart(earlier.lines.at(-1)?.id ?? -1, logs);
  const previous = isJoined ? earlier.previous : logs.previous;

  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [logs.lines, following]);

  const ask = async () => {
    setAsking(true);
    try {
      const page = await backend.get<LogPage>(
        `api/tasks/${task.id}/logs?before=${previous}&limit=${EARLIER}`,
      );
      const { scrollHeight, scrollTop } = box.current!;
      setFollowing(false);
      setEarlier({ lines: [...page.lines, ...lines], previous: page.previous });
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
  const running = task.status === "running";
  return (
    <section class="panel" aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">Log</h2>
        {running && lines.length > 0 &&
          <span class="faint">{following ? "following" : ""}</span>}
        <span class="spread" />
        {!following &&
          (
            <button type="button" class="button small" onClick={() => setFollowing(true)}>
              Go to the end
            </button>
          )}
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
          <div
            class="log"
            ref={box}
            tabindex={0}
            role="log"
            aria-live="off"
            aria-labelledby="log-title"
            onScroll={onScroll}
          >
            {previous !== null && (
              <button
                type="button"
                class="button small log-earlier"
                disabled={asking}
                onClick={ask}
              >
                Earlier lines
              </button>
            )}
            <ol>{lines.map((line) => <Line key={line.id} line={line} task={task.id} />)}</ol>
          </div>
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
  const level = LEVELS.includes(line.level) ? line.level : "info";
  const whole = `api/tasks/${task}/logs/${line.id}`;
  return (
    <li class={`log-line level-${level}`}>
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
