/**
 * The page of one run: its header, one page of its tasks, its past and its weave.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Run, RunPatch, RunSnapshot, Sample, TaskPage, TaskQuery } from "../api.ts";
import type { Place } from "../queries/plan.ts";
import { getRun, isCounted, listSamples } from "../queries/runs.ts";
import { listTasks } from "../queries/tasks.ts";
import type { Source } from "../source.ts";
import { diffList, same, type Tick, unlessEmpty, type View } from "./view.ts";
import type { SharedWeave } from "./weaves.ts";

/** Times its own duration for which a page of tasks is left alone: one that takes long is read seldom. */
const LIST_REST = 10;

/** A run, and which of its tasks to list. */
export interface RunViewOptions {
  /** Id of the run. */
  run: number;
  /** Which tasks. */
  query: Omit<TaskQuery, "cursor"> & { place?: Place };
  /** The run's weave, which all views of the run share. */
  weave: SharedWeave;
}

/** One run. */
export class RunView implements View {
  readonly #options: RunViewOptions;
  #run: Run | null = null;
  #page: TaskPage = { tasks: [], next: null, previous: null };
  #listDueAt = -Infinity;
  #listIsOld = true;
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
    if (this.#listIsOld || this.#reading) return true;
    return this.#run !== null && (!this.#options.weave.complete || isCounted(this.#run));
  }

  get eventId(): string {
    return `${this.#version}`;
  }

  async refresh(source: Source, tick: Tick): Promise<object | undefined> {
    const { run: id, weave } = this.#options;
    const before = { run: this.#run, page: this.#page };
    this.#listIsOld ||= tick.changed;
    this.#run = source.read((reader) => getRun(reader, id)) ?? null;
    if (this.#run) await this.#refreshList(source);
    const samples = this.#run ? this.#readSamples(source) : [];
    if (this.#run) weave.advance(source, this.#run.counts, tick);
    const patch = unlessEmpty<Omit<RunPatch, "now">>({
      run: same(before.run, this.#run) ? undefined : this.#run,
      tasks: diffList(before.page.tasks, this.#page.tasks),
      next: before.page.next === this.#page.next ? undefined : this.#page.next,
      previous: before.page.previous === this.#page.previous ? undefined : this.#page.previous,
      samples: samples.length > 0 ? samples : undefined,
      weave: this.#weaveVersion < weave.version
        ? weave.changedSince(this.#weaveVersion)
        : undefined,
    });
    this.#weaveVersion = weave.version;
    if (patch) this.#version++;
    return patch;
  }

  snapshot(): Omit<RunSnapshot, "now"> {
    const { weave } = this.#options;
    return { run: this.#run, ...this.#page, samples: this.#samples, weave: weave.blocks };
  }

  close(): void {
    this.#closed.abort();
    this.#options.weave[Symbol.dispose]();
  }

  /** Reads the page of tasks when it is due. One that takes long is there at a later tick. */
  async #refreshList(source: Source): Promise<void> {
    if (!this.#reading && this.#listIsOld && performance.now() >= this.#listDueAt) {
      this.#listIsOld = false;
      this.#reading = this.#readList(source).finally(() => this.#reading = undefined);
      this.#reading.catch(() => this.#listIsOld = true);
    }
    await Promise.race([this.#reading, new Promise((resolve) => setImmediate(resolve))]);
  }

  async #readList(source: Source): Promise<void> {
    const before = performance.now();
    const { run, query } = this.#options;
    const { signal } = this.#closed;
    const page = await listTasks((query) => source.read(query), run, query, signal);
    const after = performance.now();
    this.#listDueAt = after + LIST_REST * (after - before);
    if (page) this.#page = page;
  }

  #readSamples(source: Source): Sample[] {
    const { samples, last } = source.read((reader) =>
      listSamples(reader, this.#options.run, this.#lastSample)
    );
    this.#lastSample = last;
    this.#samples.push(...samples);
    return samples;
  }
}
