/**
 * The page of one task: all about it, and its log as it grows.
 *
 * @module
 */
import type { LogPage, TaskDetail, TaskPatch, TaskSnapshot } from "../../api.ts";
import { listLogs } from "../queries/logs.ts";
import { getTask } from "../queries/tasks.ts";
import type { DatabaseHandle } from "../database_handle.ts";
import { same, unlessEmpty, type View } from "./view.ts";

/** Lines of a log in a snapshot. */
const SNAPSHOT_LINES = 500;

/** Lines that a stream which comes back gets beyond those: whoever missed more loads them by the page. */
const CATCH_UP_LINES = 5_000;

/** Lines of a log in a patch. */
const PATCH_LINES = 1_000;

/** One task. */
export class TaskView implements View {
  readonly #task: number;
  #detail: TaskDetail | null = null;
  #lastLine = 0;
  #isNew = true;
  #hasMore = false;

  constructor(task: number) {
    this.#task = task;
  }

  get pending(): boolean {
    return this.#hasMore;
  }

  /** The id of the last line of the log that was sent: whoever comes back gets those after it. */
  get eventId(): string {
    return `${this.#lastLine}`;
  }

  refresh(source: DatabaseHandle): Promise<object | undefined> {
    const before = this.#detail;
    const { detail, lines } = source.read((reader) => ({
      detail: getTask(reader, this.#task) ?? null,
      lines: this.#isNew
        ? listLogs(reader, this.#task, { limit: 1 }).lines
        : listLogs(reader, this.#task, { after: this.#lastLine, limit: PATCH_LINES }).lines,
    }));
    this.#detail = detail;
    this.#lastLine = lines.at(-1)?.id ?? this.#lastLine;
    this.#hasMore = !this.#isNew && lines.length === PATCH_LINES;
    const logs = this.#isNew || lines.length === 0 ? undefined : lines;
    this.#isNew = false;
    return Promise.resolve(unlessEmpty<Omit<TaskPatch, "now">>({
      ...changesOf(before, detail),
      logs,
    }));
  }

  snapshot(source: DatabaseHandle, lastEventId?: string): Omit<TaskSnapshot, "now"> {
    const before = this.#lastLine + 1;
    const seen = Number(lastEventId);
    const logs = source.read((reader) => {
      const last = listLogs(reader, this.#task, { before, limit: SNAPSHOT_LINES });
      if (!(seen > 0) || (last.lines[0]?.id ?? 0) <= seen) return last;
      return listLogs(reader, this.#task, { before, limit: CATCH_UP_LINES });
    }, (): LogPage => ({ lines: [], previous: null }));
    return { task: this.#detail, logs };
  }
}

/** What of a task has changed: a text of kilobytes is not sent again because its progress moved. */
function changesOf(
  before: TaskDetail | null,
  after: TaskDetail | null,
): Pick<TaskPatch, "task" | "attempts"> {
  if (!after) return { task: before ? null : undefined };
  const { attempts, ...fields } = after;
  const old: Partial<TaskDetail> = before ?? {};
  const changed = Object.entries(fields).filter(([name, value]) =>
    !same(value, old[name as keyof typeof fields])
  );
  const known = new Map(old.attempts?.map((attempt) => [attempt.attempt, JSON.stringify(attempt)]));
  const added = attempts.filter((attempt) =>
    known.get(attempt.attempt) !== JSON.stringify(attempt)
  );
  return {
    task: changed.length > 0 ? Object.fromEntries(changed) : undefined,
    attempts: added.length > 0 ? added : undefined,
  };
}
