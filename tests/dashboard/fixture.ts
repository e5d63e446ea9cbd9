/**
 * A dashboard over a database of its own, the events it sends, and what a page knows after them.
 *
 * @module
 */
import type {
  ListPatch,
  RunPatch,
  RunSnapshot,
  RunsPatch,
  RunsSnapshot,
} from "../../dashboard/api.ts";
import { createDashboard, type DashboardApp, type DashboardOptions } from "../../dashboard/mod.ts";
import type { SqlValue } from "../../db.ts";
import { assertEquals } from "../support/assert.ts";
import { openStore, startRun, type TestStore } from "../writer/worker/store_fixture.ts";
import { tempFolder } from "../support/temp.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "../support/drivers.ts";

/** A dashboard, and the store that writes what it shows. */
export interface Shown extends Disposable {
  app: DashboardApp;
  store: TestStore;
  db: string;
  /** The JSON of an answer, which must have the status. */
  get<T>(path: string, status?: number): Promise<T>;
  /** Opens a stream of events. */
  live(params: string, headers?: Record<string, string>): Promise<Events>;
}

/** Opens a store over a file and shows it. */
export async function show(options: Partial<DashboardOptions> = {}): Promise<Shown> {
  const folder = tempFolder();
  const db = folder.file("etl.db");
  const { driver = "builtin" } = options;
  const store = await openStore({ db, driver: driver === "auto" ? undefined : driver });
  const app = createDashboard({ db, driver, ...options });
  return {
    app,
    store,
    db,
    get: (path, status) => getJson(app, path, status),
    live: (params, headers) => openEvents(app, params, headers),
    [Symbol.dispose]() {
      app[Symbol.dispose]();
      store[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** The JSON of an answer, which must have the status. */
export async function getJson<T>(app: DashboardApp, path: string, status = 200): Promise<T> {
  const response = await app.request(path);
  const text = await response.text();
  assertEquals(response.status, status, `${path}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** Begins a run whose tasks are rows as a test wants them; the columns are those of `task_runs`. */
export function addRun(store: TestStore, rows: Record<string, SqlValue>[]): number[] {
  const { run, firstId } = store.write(startRun(rows.length)) as { run: number; firstId: number };
  store.connection.transaction(() =>
    rows.forEach((row, i) => addTask(store, run, firstId + i, row))
  );
  return rows.map((_, i) => firstId + i);
}

/** Adds one task to a run. */
export function addTask(
  store: TestStore,
  run: number,
  id: number,
  row: Record<string, SqlValue>,
): void {
  const values = { id, run_id: run, name: `task ${id}`, status: "queued", progress: 0, ...row };
  const columns = Object.keys(values);
  // Another program may have written a text with a NUL, which our own writer refuses: it goes as bytes.
  const stored = Object.values(values).map((value) =>
    typeof value === "string" && value.includes("\0") ? new TextEncoder().encode(value) : value
  );
  const marks = stored.map((value) => value instanceof Uint8Array ? "CAST(? AS TEXT)" : "?");
  store.connection.prepare(`INSERT INTO task_runs (${columns}) VALUES (${marks})`).run(...stored);
  store.connection.prepare(
    `UPDATE pipeline_runs SET ${values.status} = ${values.status} + 1,
       first_task_id = min(coalesce(first_task_id, ?1), ?1),
       last_task_id = max(coalesce(last_task_id, ?1), ?1) WHERE id = ?2`,
  ).run(id, run);
}

/** One event. */
export interface LiveMessage {
  event: string;
  id: string;
  // deno-lint-ignore no-explicit-any
  data: any;
}

/** Opens a stream of events on an app. */
export async function openEvents(
  app: DashboardApp,
  params: string,
  headers: Record<string, string> = {},
): Promise<Events> {
  const response = await app.request(`/api/live?${params}`, { headers });
  assertEquals(response.status, 200);
  return new Events(response.body!);
}

/** The events of a stream, one after another. */
export class Events implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next event; `undefined` at the end. */
  async next(): Promise<LiveMessage | undefined> {
    let end: number;
    while ((end = this.#text.indexOf("\n\n")) < 0) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const fields = new Map(
      this.#text.slice(0, end).split("\n").map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    this.#text = this.#text.slice(end + 2);
    const { event = "", id = "", data = "null" } = Object.fromEntries(fields);
    return { event, id, data: JSON.parse(data) };
  }

  /** The first event that is as wanted. */
  async until(isWanted: (message: LiveMessage) => unknown): Promise<LiveMessage> {
    for (;;) {
      const message = await this.next();
      if (!message) throw new Error("The stream ended before the event");
      if (isWanted(message)) return message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

/** What the page of one run knows after an event. */
export function foldRun(state: RunSnapshot | undefined, { event, data }: LiveMessage): RunSnapshot {
  if (event === "snapshot") return data;
  if (!state) throw new Error(`The first event is a ${event}`);
  const patch = data as RunPatch;
  const weave = [...state.weave];
  for (const [place, block] of patch.weave ?? []) weave[place] = block;
  return {
    ...state,
    run: patch.run === undefined ? state.run : patch.run,
    tasks: foldList(state.tasks, patch.tasks),
    next: patch.next === undefined ? state.next : patch.next,
    previous: patch.previous === undefined ? state.previous : patch.previous,
    samples: [...state.samples, ...(patch.samples ?? [])],
    weave,
  };
}

/** What the page of runs knows after an event. */
export function foldRuns(state: RunsSnapshot | undefined, message: LiveMessage): RunsSnapshot {
  if (message.event === "snapshot") return message.data;
  if (!state) throw new Error(`The first event is a ${message.event}`);
  const patch = message.data as RunsPatch;
  return {
    ...state,
    runs: foldList(state.runs, patch.runs),
    sparklines: { ...state.sparklines, ...patch.sparklines },
    next: patch.next === undefined ? state.next : patch.next,
  };
}

function foldList<T extends { id: number }>(rows: T[], patch: ListPatch<T> | undefined): T[] {
  if (!patch) return rows;
  const known = new Map([...rows, ...patch.rows].map((row) => [row.id, row]));
  return (patch.order ?? rows.map(({ id }) => id)).map((id) => {
    const row = known.get(id);
    if (!row) throw new Error(`A patch names row ${id}, which was never sent`);
    return row;
  });
}

/** Folds events until the state is as wanted; after the time is over, returns the state as it is. */
export async function foldUntil<T>(
  events: Events,
  fold: (state: T | undefined, message: LiveMessage) => T,
  options: { from?: T | undefined; isDone(state: T): boolean; withinMs?: number },
): Promise<T> {
  const { from, isDone, withinMs = 120_000 } = options;
  let state = from;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), withinMs);
  try {
    while (state === undefined || !isDone(state)) {
      const message = await Promise.race([events.next(), late.promise]);
      if (!message) break;
      if (message.event !== "ping") state = fold(state, message);
    }
  } finally {
    clearTimeout(timer);
  }
  return state!;
}
