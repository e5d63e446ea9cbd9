/**
 * Sends all open pages what has changed.
 *
 * One poller asks SQLite for `data_version`, ten times a second at most and only while a page is open: it
 * changes exactly when another connection has committed. Then each view reads what it shows, once for all who
 * look at the same page, and sends the difference. Nothing here holds a cursor or a transaction, so that
 * whatever a browser does, the writer and its checkpoints never wait.
 *
 * @module
 */
import { delay } from "../../../internal/delay.ts";
import type { LiveEvent } from "../../api.ts";
import { Turn, Turns } from "../queries/turn.ts";
import { type DatabaseHandle, SourceError } from "../database_handle.ts";
import { EventStream, formatEvent } from "./event_stream.ts";
import { same, type View } from "./view.ts";

/** Milliseconds between two looks. */
const INTERVAL_MS = 100;

/** Looks between two pings, which show pages that their data is still fresh. */
const PING_TICKS = 50;

/** Milliseconds for the last changes before the server ends. */
const FINISH_MS = 1_000;

/** Milliseconds between two looks for them. */
const FINISH_REST_MS = 10;

/** A view, and who looks at it. */
interface Watched {
  create: () => View;
  view: View;
  streams: Set<EventStream>;
  /** The active read: there is one at a time. */
  reading?: Promise<void> | undefined;
  /** Whether something was committed since the last read began. */
  isOld: boolean;
}

/** A view to watch. */
export interface Watch {
  /** The same for all who see the same. */
  key: string;
  /** Makes the view. */
  create: () => View;
  /** The id of the last event that the browser has seen. */
  lastEventId?: string | undefined;
}

/** Shares views among streams. */
export class Hub {
  readonly #source: DatabaseHandle;
  readonly #maxClients: number;
  readonly #watched = new Map<string, Watched>();
  /** Of views, which are short: they do not wait for long reads. */
  readonly #turns = new Turns();
  #streams = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;
  /** Views that have been read. */
  readonly #fresh = new WeakSet<View>();
  #ticks = 0;
  #generation = 0;
  #state: LiveEvent["source"];
  #closed = false;

  constructor(source: DatabaseHandle, options: { maxClients: number }) {
    this.#source = source;
    this.#maxClients = options.maxClients;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams;
  }

  /** Opens a stream on a view; `undefined` when there are too many. */
  async open(watch: Watch): Promise<EventStream | undefined> {
    const { key, create, lastEventId } = watch;
    if (this.#streams >= this.#maxClients || this.#closed) return;
    this.#streams++;
    if (this.#streams === 1) {
      // What was read for the last tick may be old.
      this.#ticks++;
      await this.#source.changed();
      this.#state = this.#source.state;
      this.#generation = this.#source.generation;
    }
    if (this.#closed) {
      this.#streams--;
      return;
    }
    let watched = this.#watched.get(key);
    const isNew = !watched;
    watched ??= { create, view: create(), streams: new Set(), isOld: true };
    this.#watched.set(key, watched);
    const stream = new EventStream({
      catchUp: () => this.#catchUp(watched),
      snapshot: () => this.#snapshot(watched),
      onClose: () => this.#left(key, watched, stream),
    });
    watched.streams.add(stream);
    if (isNew) this.#read(watched);
    while (watched.reading) await watched.reading;
    stream.begin(this.#snapshot(watched, lastEventId));
    this.#schedule();
    return stream;
  }

  /** Sends every browser what was committed last, announces that the server ends, and ends every stream. */
  async finish(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const until = performance.now() + FINISH_MS;
    for (let isFirst = true; this.#streams > 0 && performance.now() < until; isFirst = false) {
      if (!this.#isLooking) await this.#look().catch(report);
      await Promise.all([...this.#watched.values()].map(({ reading }) => reading));
      const isPending = [...this.#watched.values()].some((watched) =>
        hasNews(watched) && isTaken(watched)
      );
      if (!isFirst && !isPending) break;
      await delay(FINISH_REST_MS);
    }
    for (const watched of this.#watched.values()) this.#send(watched, "end", {});
    this.close();
  }

  /** Ends every stream and the poller. */
  close(): void {
    this.#closed = true;
    this.#turns[Symbol.dispose]();
    for (const { streams } of this.#watched.values()) for (const stream of streams) stream.close();
  }

  #schedule(): void {
    if (this.#streams === 0 || this.#isLooking || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isLooking = true;
      this.#look().catch(report).finally(() => {
        this.#isLooking = false;
        this.#schedule();
      });
    }, INTERVAL_MS);
  }

  async #look(): Promise<void> {
    this.#ticks++;
    const changed = await this.#source.changed();
    if (this.#source.generation !== this.#generation) this.#begin();
    const source = same(this.#source.state, this.#state) ? undefined : this.#source.state;
    this.#state = this.#source.state;
    const turn = new Turn(this.#turns);
    // All are marked as old first: a look takes a while where there are many.
    for (const watched of this.#watched.values()) watched.isOld ||= changed;
    for (const watched of this.#watched.values()) {
      if (source) this.#send(watched, "patch", { source });
      else if (this.#ticks % PING_TICKS === 0) this.#send(watched, "ping", {});
      // What no browser can take is not read, so that slow ones cost the others nothing.
      if (!hasNews(watched) || !isTaken(watched)) continue;
      this.#read(watched);
      await watched.reading;
      await turn.pass();
    }
  }

  /** Starts again: there is another file, or the file is back. */
  #begin(): void {
    this.#generation = this.#source.generation;
    // All at once, so that nothing of what they share stays.
    for (const { view } of this.#watched.values()) view.close?.();
    for (const watched of this.#watched.values()) {
      watched.view = watched.create();
      watched.isOld = true;
      watched.reading = undefined;
    }
  }

  /** Has a view read what has changed, and sends it to its readers. */
  #read(watched: Watched): void {
    if (watched.reading) return;
    const { view, isOld } = watched;
    const isFirst = this.#fresh.has(view) === false;
    watched.isOld = false;
    const tick = { number: this.#ticks, changed: isOld };
    const refresh = () => watched.view === view ? view.refresh(this.#source, tick) : undefined;
    // A hundred pages may be opened at once, and each first read is a turn of its own.
    const reading = (isFirst ? this.#turns.next().then(refresh) : Promise.try(refresh)).then(
      (patch) => {
        if (watched.view !== view) return;
        if (isFirst) {
          this.#fresh.add(view);
          const event = this.#snapshot(watched);
          for (const stream of watched.streams) stream.send(event);
        } else if (patch) this.#send(watched, "patch", patch);
      },
    ).catch((error) => {
      watched.isOld ||= isOld;
      // Views without pages have been stopped.
      if (watched.view === view && watched.streams.size > 0) report(error);
    }).finally(() => {
      if (watched.reading === reading) watched.reading = undefined;
    });
    watched.reading = reading;
  }

  /** Reads what looks have passed over because no browser could take it. */
  async #catchUp(watched: Watched): Promise<void> {
    if (hasNews(watched)) this.#read(watched);
    while (watched.reading) await watched.reading;
  }

  #snapshot({ view }: Watched, lastEventId?: string): Uint8Array<ArrayBuffer> {
    const data = { now: Date.now(), source: this.#source.state };
    return formatEvent(
      "snapshot",
      { ...data, ...view.snapshot(this.#source, lastEventId) },
      view.eventId,
    );
  }

  #send({ view, streams }: Watched, event: "patch" | "ping" | "end", data: object): void {
    const encoded = formatEvent(event, { now: Date.now(), ...data }, view.eventId);
    for (const stream of streams) stream.send(encoded);
  }

  #left(key: string, watched: Watched, stream: EventStream): void {
    this.#streams--;
    watched.streams.delete(stream);
    if (watched.streams.size === 0 && this.#watched.get(key) === watched) {
      this.#watched.delete(key);
      watched.view.close?.();
    }
    if (this.#streams > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Whether there is more to read for a view. */
function hasNews({ view, isOld }: Watched): boolean {
  return isOld || view.pending;
}

/** Whether any browser takes what is read. */
function isTaken({ streams }: Watched): boolean {
  return [...streams].some(({ isKeepingUp }) => isKeepingUp);
}

/** Logs what should not happen. An unreadable database can happen, and its state shows it to all. */
function report(error: unknown): void {
  if (!(error instanceof SourceError)) console.error("The dashboard could not read:", error);
}
