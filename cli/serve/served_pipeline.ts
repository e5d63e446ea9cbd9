/**
 * One pipeline of a server: its definition as far as it is known, its schedule, and the child processes that run it.
 *
 * @module
 */
import type { PipelineInfo, RunStart } from "../../dashboard/api.ts";
import type { HostRefusal } from "../../dashboard/server/pipeline_host.ts";
import type { CronTimes } from "../../pipeline/schedule/cron_expression.ts";
import { planSchedule, runSchedule, type SchedulePlan } from "../../pipeline/schedule/schedule.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import { Child, type ChildEnd, type ChildSettings } from "./child.ts";
import type { Described } from "./describe_files.ts";
import type { ChildReply, Description, Refusal, RunRequest } from "./protocol.ts";
import type { Slots } from "./slots.ts";
import type { ServedDatabase } from "./served_database.ts";

/** Milliseconds for which the answer to a request waits until the run has begun. */
const BEGIN_MS = 20_000;

/** Lines of a run that are kept, in case that its process ends. */
const MAX_PRINTED = 100;

/** Times that are shown. */
const SHOWN_TIMES = 3;

/** Why a run is started. */
export type Trigger = "schedule" | "request";

/** How a run of a child went. */
export interface Ended {
  pipeline: ServedPipeline;
  trigger: Trigger;
  /** Its id; `null` where it did not begin, or no status is stored. */
  run: number | null;
  /** How it ended, as far as its process has reported. */
  status: EndStatus | null;
  /** Why it did not begin, or how its process ended when that was no end of a run; `null` otherwise. */
  problem: string | null;
  /** Whether it was left out, because another run of its name was active. */
  overlaps: boolean;
}

/** What a pipeline reports to its server. */
export interface PipelineListener {
  print(line: string): void;
  begun(pipeline: ServedPipeline, run: number | null, trigger: Trigger): void;
  ended(ended: Ended): void;
}

/** What a pipeline shares with the others of its server. */
export interface PipelineShares {
  settings: ChildSettings;
  listener: PipelineListener;
  /** Places for runs. */
  slots: Slots;
  /** Aborted when the server stops. */
  stopped: AbortSignal;
}

/** One pipeline. */
export class ServedPipeline {
  readonly id: string;
  readonly file: string;
  description: Description | undefined;
  database: ServedDatabase | undefined;
  #problem: string | null = null;
  #plan: SchedulePlan | undefined;
  readonly #shares: PipelineShares;
  readonly #children = new Set<Child>();
  readonly #byRun = new Map<number, Child>();
  readonly #active = new Set<object>();

  constructor({ id, file }: { id: string; file: string }, shares: PipelineShares) {
    this.id = id;
    this.file = file;
    this.#shares = shares;
  }

  get #listener(): PipelineListener {
    return this.#shares.listener;
  }

  /** Its name, or that of its file. */
  get name(): string {
    return this.description?.name ?? this.file;
  }

  /** Its runs that have not ended. */
  get active(): number {
    return this.#active.size;
  }

  /** Its times. */
  get times(): CronTimes | undefined {
    return this.#plan?.times;
  }

  /** Takes what was found out of its definition. Returns what is wrong with it. */
  async take(described: Described): Promise<string | null> {
    if ("problem" in described) return this.#problem = described.problem;
    const { description } = described;
    this.description = description;
    const { name, schedule, overlap } = description;
    if (schedule === null) return null;
    try {
      this.#plan = await planSchedule({
        name,
        schedule,
        ...(overlap ? { overlap } : {}),
        items: [],
        run: () => {},
      });
      return null;
    } catch (error) {
      return this.#problem = (error as Error).message;
    }
  }

  /**
   * Starts runs at its times until the server stops. Of several servers over its database one claims each time; a
   * schedule that is paused has no times.
   */
  async schedule(): Promise<void> {
    const signal = this.#shares.stopped;
    const plan = this.#plan;
    const { database } = this;
    if (!plan || !database) return;
    await runSchedule(plan, {
      signal,
      onError: (error) => this.#listener.print(`${this.name}: ${error.message}`),
      onLate: (due) =>
        this.#listener.print(
          `${this.name}: the run that was due at ${due.toISOString()} begins now`,
        ),
    }, async (due) => {
      if (!await database.claim(plan.name, due)) return;
      await this.#start({ args: {} }, "schedule", () => {});
    });
  }

  /** Runs it, and resolves when that has begun, or is refused. */
  async start(
    request: Pick<RunRequest, "args" | "resume" | "tasks">,
  ): Promise<RunStart | HostRefusal> {
    const { database, description } = this;
    if (!database || !description) {
      const error = this.#problem ??
        `Cannot run ${this.name}: its definition is still being loaded`;
      return { status: 503, error };
    }
    const dashboard = database.address;
    const first = Promise.withResolvers<RunStart | HostRefusal>();
    const timer = setTimeout(() => first.resolve({ run: null, dashboard }), BEGIN_MS);
    this.#start(request, "request", (reply) => {
      if (reply.kind === "refused") first.resolve(toRefusal(reply));
      else if (reply.kind === "begun") first.resolve({ run: reply.run, dashboard });
      else if (reply.kind === "failed") first.resolve({ status: 409, error: reply.message });
    }).then((problem) => first.resolve({ status: 409, error: problem ?? "It did not begin" }));
    try {
      return await first.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends its runs gracefully, and their processes in any case. */
  async stop(reason: string, graceMs: number): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop(reason, graceMs)));
  }

  /** Ends a run of it, in any case. */
  cancel(run: number): void {
    void this.#byRun.get(run)?.stop("Cancelled", this.#shares.settings.graceMs);
  }

  /** Its description for the API. */
  async info(): Promise<PipelineInfo> {
    const { id, name, file, description, database, active } = this;
    const pausedAt = await database?.pausedAt(name) ?? null;
    const times = this.#plan?.times;
    return {
      id,
      name,
      file,
      state: description ? "ready" : this.#problem === null ? "loading" : "failed",
      problem: this.#problem,
      dashboard: database?.address ?? null,
      schedule: times
        ? {
          cron: times.text,
          timeZone: times.timeZone,
          next: pausedAt === null ? nextTimes(times) : [],
          pausedAt,
        }
        : null,
      form: description?.form ?? { fields: [], others: false },
      active,
      runs: description && database ? await database.pastRuns(description.name) : [],
    };
  }

  /** Runs it in a child. Resolves when that has ended, with what went wrong. */
  async #start(
    request: Pick<RunRequest, "args" | "resume" | "tasks">,
    trigger: Trigger,
    onReply: (reply: ChildReply) => void,
  ): Promise<string | null> {
    let run: number | null = null;
    let last: ChildReply | undefined;
    const printed: string[] = [];
    const active = {};
    const listeners = {
      onLine: (line: string) => {
        printed.push(line);
        if (printed.length > MAX_PRINTED) printed.shift();
        this.#listener.print(`${this.name} │ ${line}`);
      },
      onReply: (reply: ChildReply) => {
        last = reply;
        onReply(reply);
        if (reply.kind !== "begun") return void this.#active.delete(active);
        run = reply.run;
        if (run !== null) this.#byRun.set(run, child);
        this.#listener.begun(this, run, trigger);
      },
    };
    const { slots, stopped, settings } = this.#shares;
    this.#active.add(active);
    if (!await slots.take(stopped)) {
      this.#active.delete(active);
      return "The server is stopping";
    }
    const { file } = this;
    const db = this.database!.path;
    const child = new Child(
      { kind: "run", file, db, overlap: "refuse", ...request },
      settings,
      listeners,
    );
    this.#children.add(child);
    const end = await child.ended;
    slots.give();
    this.#children.delete(child);
    if (run !== null && this.#byRun.get(run) === child) this.#byRun.delete(run);
    this.#active.delete(active);
    const problem = last?.kind === "ended"
      ? last.reason ?? null
      : problemOf(last) ?? whyEnded(end, printed);
    const refused = last?.kind === "refused";
    const overlaps = last?.kind === "refused" && last.overlaps === true;
    const status = last?.kind === "ended" ? last.status : null;
    // The person who asked has the answer.
    if (refused && trigger === "request") return problem;
    if (!overlaps) this.#problem = problem;
    this.#listener.ended({ pipeline: this, trigger, run, status, problem, overlaps });
    return problem;
  }
}

function problemOf(last: ChildReply | undefined): string | null {
  return last?.kind === "refused" || last?.kind === "failed" ? last.message : null;
}

/** How a process ended that reported no end of its run, with the line that explains it best. */
function whyEnded({ code, signal }: ChildEnd, printed: readonly string[]): string {
  const hint = printed.findLast((line) => /error|fatal/i.test(line)) ?? printed.at(-1);
  const how = signal ?? `code ${code}`;
  return `The process of the run ended with ${how}${hint === undefined ? "" : `: ${hint}`}`;
}

function toRefusal({ message, fields, overlaps }: Refusal): HostRefusal {
  if (fields) return { status: 422, error: message, fields };
  return { status: overlaps ? 409 : 422, error: message };
}

function nextTimes(times: CronTimes): string[] {
  const list: Date[] = [];
  while (list.length < SHOWN_TIMES) list.push(times.next(list.at(-1)));
  return list.map((time) => time.toISOString());
}
