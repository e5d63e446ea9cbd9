/**
 * The page of one run: its header, one page of its tasks, its past and its weave.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { settledWithin } from "../../../internal/delay.ts";
import type { Run, RunPatch, RunSnapshot, Sample, TaskPage, TaskQuery } from "../../api.ts";
import type { PageCursor } from "../queries/plan.ts";
import { getRun, isOutdated } from "../queries/runs.ts";
import { listSamples } from "../queries/samples.ts";
import { readAtTick } from "../queries/recent.ts";
import { listTasks } from "../queries/tasks.ts";
import type { Read } from "../queries/slices.ts";
import type { DatabaseHandle } from "../database_handle.ts";
import { diffList, same, type Tick, unlessEmpty, type View } from "./view.ts";
import type { SharedWeave } from "./weaves.ts";

/** Times its own duration for which a page of tasks is left alone: one that takes long is read seldom. */
const LIST_REST = 10;

/** The same where there are many pages, for each of them: their lists take a third of the time together at most. */
const SHARED_REST = 3;

/** Milliseconds for which the first look waits for the page of tasks. */
const FIRST_MS = 40;

/** A run, and which of its tasks to list. */
export interface RunViewOptions {
  /** Id of the run. */
  run: number;
  /** Which tasks. */
  query: Omit<TaskQuery, "cursor"> & { place?: PageCursor | undefined };
  /** The run's weave, which all views of the run share. */
  weave: SharedWeave;
}

/** One run. */
export class RunView implements View {
  readonly #options: RunViewOptions;
  #run: Run | null = null;
  #page: TaskPage = { tasks: [], next: null, previous: null };
  /** The page as last read: it may be there between two refreshes, and is sent with the next. */
  #readPage = this.#page;
  #listDueAt = -Infinity;
  #listIsOld = true;
  /** Whether a page of tasks has been read, and whether that has been sent. */
  #hasList = false;
  #hasSentList = false;
  #reading: Promise<void> | undefined;
  readonly #closed = new AbortController();
  #samples: Sample[] = [];
  #lastSample = 0;
  #weaveVersion = 0;
  #version = 0;

  constructor(options: RunViewOptions) {
    this.#options = options;
  }

  get pending(): boolean {
    if (this.#listIsOld || this.#reading || this.#readPage !== this.#page) return true;
    return this.#run !== null && (!this.#options.weave.complete || isOutdated(this.#run));
  }

  get eventId(): string {
    return `${this.#version}`;
  }

  async refresh(source: DatabaseHandle, tick: Tick): Promise<object | undefined> {
    const { run: id, weave } = this.#options;
    this.#listIsOld ||= tick.changed;
    const run = source.read((reader) => readAtTick(tick.number, () => getRun(reader, id))) ??
      null;
    if (run) await this.#refreshList(source);
    const { samples, last } = run
      ? source.read((reader) => listSamples(reader, id, this.#lastSample))
      : { samples: [], last: this.#lastSample };
    if (run) weave.advance(source, run.counts, tick);

    // From here on nothing can fail: what is taken over is sent.
    const before = { run: this.#run, page: this.#page };
    this.#run = run;
    this.#page = this.#readPage;
    this.#samples.push(...samples);
    this.#lastSample = last;
    const { next, previous, found } = this.#page;
    const patch = unlessEmpty<Omit<RunPatch, "now">>({
      run: same(before.run, run) ? undefined : run,
      tasks: diffList(before.page.tasks, this.#page.tasks),
      found: before.page.found === found ? undefined : found,
      next: before.page.next === next ? undefined : next,
      previous: before.page.previous === previous ? undefined : previous,
      reading: this.#hasList && !this.#hasSentList ? false : undefined,
      samples: samples.length > 0 ? samples : undefined,
      weave: this.#weaveVersion < weave.version
        ? weave.changedSince(this.#weaveVersion)
        : undefined,
    });
    this.#weaveVersion = weave.version;
    this.#hasSentList = this.#hasList;
    if (patch) this.#version++;
    return patch;
  }

  snapshot(): Omit<RunSnapshot, "now"> {
    const { weave } = this.#options;
    const reading = !this.#hasSentList;
    return { run: this.#run, ...this.#page, samples: this.#samples, weave: weave.blocks, reading };
  }

  close(): void {
    this.#closed.abort();
    this.#options.weave[Symbol.dispose]();
  }

  /** Reads the page of tasks when it is due. One that takes long is there at a later tick. */
  async #refreshList(source: DatabaseHandle): Promise<void> {
    if (!this.#reading && this.#listIsOld && performance.now() >= this.#listDueAt) {
      this.#listIsOld = false;
      this.#reading = this.#readList(source).finally(() => this.#reading = undefined);
      this.#reading.catch(() => this.#listIsOld = true);
      // A page that shows nothing yet is sent with its tasks where that takes no longer.
      if (!this.#hasList) await settledWithin(FIRST_MS, this.#reading);
    }
    await Promise.race([this.#reading, new Promise((resolve) => setImmediate(resolve))]);
  }

  async #readList(source: DatabaseHandle): Promise<void> {
    const { run, query, weave } = this.#options;
    const { signal } = this.#closed;
    let ms = 0;
    const read: Read = (query) => {
      const before = performance.now();
      const answer = source.read(query);
      ms += performance.now() - before;
      return answer;
    };
    const onPart = (page: TaskPage, isWhole: boolean) => {
      // Later a part would be shorter than what is shown.
      if (!isWhole && this.#hasList) return;
      const { found } = this.#readPage;
      this.#readPage = found === undefined ? page : { ...page, found };
      this.#hasList ||= isWhole;
    };
    const page = await listTasks(read, run, query, { signal, onPart });
    this.#listDueAt = performance.now() + ms * Math.max(LIST_REST, SHARED_REST * weave.pages);
    if (page) this.#readPage = page;
    this.#hasList = true;
  }
}
