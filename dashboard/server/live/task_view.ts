/**
 * The page of one task: all about it, and its log as it grows.
 *
 * @module
 */
import type { LogLine, LogPage, TaskDetail, TaskPatch, TaskSnapshot } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { listLogs, listNewLogs } from "../queries/logs.ts";
import { readAtTick } from "../queries/recent.ts";
import { getTask } from "../queries/tasks.ts";
import type { DatabaseHandle } from "../database_handle.ts";
import { same, type Tick, unlessEmpty, type View } from "./view.ts";

/** Lines of a log in a snapshot. */
const SNAPSHOT_LINES = 500;

/** Lines that a stream which comes back gets beyond those: older ones are loaded by the page. */
const CATCH_UP_LINES = 5_000;

/** Lines of a log in a patch. */
const PATCH_LINES = 1_000;

/** Characters of a log that patches may have, at once and in a second. */
const PATCH_CHARACTERS = 100_000;

/** One task. */
export class TaskView implements View {
  readonly #task: number;
  #detail: TaskDetail | null = null;
  #lastLine = 0;
  #isNew = true;
  #hasMore = false;
  /** Characters of a log that the next patch may have, at this time. */
  #characters = PATCH_CHARACTERS;
  #countedAt = performance.now();

  constructor(task: number) {
    this.#task = task;
  }

  get pending(): boolean {
    return this.#hasMore;
  }

  /** The id of the last line of the log that was sent: a page that comes back gets those after it. */
  get eventId(): string {
    return `${this.#lastLine}`;
  }

  refresh(source: DatabaseHandle, { number }: Tick): Promise<object | undefined> {
    const before = this.#detail;
    const { detail, logs: { lines, skipped } } = source.read((reader) => ({
      detail: readAtTick(number, () => getTask(reader, this.#task)) ?? null,
      logs: this.#isNew
        ? { lines: listLogs(reader, this.#task, { limit: 1 }).lines, skipped: false }
        : this.#newLines(reader),
    }));
    this.#detail = detail;
    this.#lastLine = lines.at(-1)?.id ?? this.#lastLine;
    const isPatch = !this.#isNew && lines.length > 0;
    this.#isNew = false;
    return Promise.resolve(unlessEmpty<Omit<TaskPatch, "now">>({
      ...changesOf(before, detail),
      logs: isPatch ? lines : undefined,
      skipped: isPatch && skipped ? true : undefined,
    }));
  }

  /** Lines that are new, as many as may be sent now: of a task that writes more than people read, the last. */
  #newLines(reader: Reader): { lines: LogLine[]; skipped: boolean } {
    const now = performance.now();
    const earned = PATCH_CHARACTERS * (now - this.#countedAt) / 1_000;
    this.#characters = Math.min(PATCH_CHARACTERS, this.#characters + earned);
    this.#countedAt = now;
    this.#hasMore = this.#characters <= 0;
    if (this.#hasMore) return { lines: [], skipped: false };
    const { lines, more, skipped } = listNewLogs(reader, this.#task, {
      after: this.#lastLine,
      limit: PATCH_LINES,
      characters: this.#characters,
    });
    this.#hasMore = more;
    this.#characters -= lines.reduce((sum, { message }) => sum + message.length, 0);
    return { lines, skipped };
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
): Pick<TaskPatch, "task" | "attempts" | "steps"> {
  if (!after) return { task: before ? null : undefined };
  const { attempts, steps = [], ...fields } = after;
  const old: Partial<TaskDetail> = before ?? {};
  // A field that it has lost is sent as `null`.
  const gone = old.sleepsUntil && !fields.sleepsUntil ? { sleepsUntil: null } : {};
  const changed = Object.entries({ ...fields, ...gone }).filter(([name, value]) =>
    !same(value, old[name as keyof typeof fields])
  );
  const known = new Map(old.attempts?.map((attempt) => [attempt.attempt, JSON.stringify(attempt)]));
  const added = attempts.filter((attempt) =>
    known.get(attempt.attempt) !== JSON.stringify(attempt)
  );
  const lastStep = old.steps?.at(-1)?.number ?? 0;
  const newSteps = steps.filter(({ number }) => number > lastStep);
  return {
    steps: newSteps.length > 0 ? newSteps : undefined,
    task: changed.length > 0 ? Object.fromEntries(changed) : undefined,
    attempts: added.length > 0 ? added : undefined,
  };
}
