/**
 * The server of several pipelines: what it knows of each, and who may ask what of it.
 *
 * It loads no definition itself: child processes describe and run them. So it answers, and starts what is due, whatever
 * a definition does.
 *
 * @module
 */
import { type Access, newAccess } from "../../dashboard/server/access/guard_token.ts";
import { newToken } from "../../dashboard/server/access/token.ts";
import type { PipelineInfo, Run, RunStart } from "../../dashboard/api.ts";
import { createHome } from "../../dashboard/server/home.ts";
import type { HostRefusal, PipelineHost } from "../../dashboard/server/pipeline_host.ts";
import type { DashboardApp } from "../../dashboard/server/app.ts";
import type { ChildSettings } from "./child.ts";
import { type Described, describeFiles } from "./describe_files.ts";
import { ServedDatabase } from "./served_database.ts";
import type { Notifier } from "./notifier.ts";
import { type Ended, type PipelineListener, ServedPipeline } from "./served_pipeline.ts";
import { Slots } from "./slots.ts";
import { Slugs } from "./slugs.ts";

/** Milliseconds for which a server that stops still sends notifications. */
const NOTIFY_MS = 5_000;

/** Runs at a time, unless the command line gives another number. */
export const MAX_RUNS = 10;

/** What a server is made of. */
export interface PipelineServerOptions extends ChildSettings {
  /** Files of definitions, with `:name` where it is no default export. */
  files: readonly string[];
  token?: string | undefined;
  controlToken?: string | undefined;
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  /** Whether the tables of the databases are shown. */
  data?: boolean | undefined;
  /** Milliseconds in which a definition must have loaded. */
  loadMs?: number;
  /** Runs at a time. */
  runs?: number;
  /** Where notifications of runs that have ended are sent. */
  notifier?: Notifier | undefined;
  /** The address of the first page, for notifications. */
  url?: () => string;
  listener: PipelineListener & {
    described(pipeline: ServedPipeline, problem: string | null): void;
  };
}

/** The server, without its listening. */
export class PipelineServer implements PipelineHost {
  readonly controlToken: string;
  readonly pipelines: readonly ServedPipeline[];
  /** Answers requests. */
  readonly app: ReturnType<typeof createHome>;
  readonly #options: PipelineServerOptions;
  readonly #access: Access;
  readonly #databases = new Map<string, ServedDatabase>();
  readonly #dashboards = new Map<string, DashboardApp>();
  readonly #databaseSlugs = new Slugs();
  readonly #stopped = new AbortController();
  readonly #schedules: Promise<void>[] = [];
  /** Runs that are read for notifications. */
  readonly #reading = new Set<Promise<void>>();

  constructor(options: PipelineServerOptions) {
    this.#options = options;
    const { token, allowedHosts, allowedOrigins } = options;
    this.controlToken = options.controlToken ?? newToken();
    this.#access = newAccess({ token, allowedHosts, allowedOrigins });
    const slugs = new Slugs();
    const shares = {
      settings: options,
      slots: new Slots(options.runs ?? MAX_RUNS),
      stopped: this.#stopped.signal,
      listener: {
        ...options.listener,
        ended: (ended: Ended) => {
          options.listener.ended(ended);
          this.#notify(ended);
        },
      },
    };
    this.pipelines = options.files.map((file, i) => {
      const name = file.split(/[/\\]/).at(-1)!.replace(/\.\w+(?=:|$)/, "");
      const id = slugs.of(name, `pipeline-${i + 1}`);
      return new ServedPipeline({ id, file }, shares);
    });
    this.app = createHome({
      dashboards: this.#dashboards,
      access: this.#access,
      controlToken: this.controlToken,
      host: this,
      health: () => ({
        status: this.#stopped.signal.aborted ? "stopping" : "ok",
        pipelines: this.pipelines.length,
        failed: this.pipelines.filter(({ description }) => !description).length,
      }),
    });
  }

  /** Finds out what the definitions are, and starts their schedules as soon as that is known. */
  async load(): Promise<void> {
    const files = [...new Set(this.pipelines.map(({ file }) => file))];
    const { signal } = this.#stopped;
    const settings = { ...this.#options, limitMs: this.#options.loadMs, signal };
    const taking: Promise<void>[] = [];
    await describeFiles(files, settings, (file, described) => {
      for (const pipeline of this.pipelines) {
        if (pipeline.file === file) taking.push(this.#take(pipeline, described));
      }
    });
    await Promise.all(taking);
  }

  async list(): Promise<PipelineInfo[]> {
    return await Promise.all(this.pipelines.map((pipeline) => pipeline.info()));
  }

  async run(id: string, args: object): Promise<RunStart | HostRefusal> {
    const pipeline = this.#find(id);
    return pipeline ? await this.#start(pipeline, { args }) : noPipeline(id);
  }

  async setPaused(id: string, paused: boolean): Promise<HostRefusal | undefined> {
    const pipeline = this.#find(id);
    if (!pipeline) return noPipeline(id);
    const { database, times, name } = pipeline;
    if (!database || !times) {
      return { status: 409, error: `Cannot pause ${name}: it has no schedule` };
    }
    try {
      await database.setPaused(name, paused);
      return undefined;
    } catch (error) {
      const what = paused ? "pause" : "resume";
      return { status: 503, error: `Cannot ${what} ${name}: ${(error as Error).message}` };
    }
  }

  /** Continues a run of a database that has ended. */
  async resume(
    database: () => ServedDatabase,
    run: Run,
    tasks?: readonly number[],
  ): Promise<RunStart | HostRefusal | undefined> {
    const pipeline = this.pipelines.find((one) =>
      one.database === database() && one.description?.name === run.name
    );
    if (!pipeline) return undefined;
    const args = database().argumentsOf(run.id);
    return await this.#start(pipeline, { args, resume: run.id, ...(tasks ? { tasks } : {}) });
  }

  /** Starts nothing more, and ends what runs gracefully. */
  async stop(reason: string, graceMs: number): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.pipelines.map((pipeline) => pipeline.stop(reason, graceMs)));
    await Promise.all([...this.#schedules, ...this.#reading]);
    await this.#options.notifier?.close(NOTIFY_MS);
  }

  /** Lets go of the databases. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const database of this.#databases.values()) await database[Symbol.asyncDispose]();
  }

  #find(id: string): ServedPipeline | undefined {
    return this.pipelines.find((pipeline) => pipeline.id === id);
  }

  async #start(
    pipeline: ServedPipeline,
    request: Parameters<ServedPipeline["start"]>[0],
  ): Promise<RunStart | HostRefusal> {
    if (this.#stopped.signal.aborted) return { status: 503, error: "The server is stopping" };
    return await pipeline.start(request);
  }

  #notify({ pipeline, trigger, run: id, problem, overlaps }: Ended): void {
    const { notifier, url = () => "" } = this.#options;
    const { database, name } = pipeline;
    if (!notifier || overlaps || !database) return;
    if (id === null) {
      const event = problem === null ? "run.ended" : "run.not_started";
      return notifier.notify({ event, pipeline: name, trigger, run: null, problem, url: null });
    }
    const page = `${url()}${database.address}?run=${id}`;
    const reading = database.endedRun(id).catch(() => undefined).then((run = undefined) =>
      notifier.notify({
        event: "run.ended",
        pipeline: name,
        trigger,
        run: run ?? null,
        problem: problem ?? run?.reason ?? null,
        url: page,
      })
    );
    this.#reading.add(reading);
    void reading.finally(() => this.#reading.delete(reading));
  }

  async #take(pipeline: ServedPipeline, described: Described): Promise<void> {
    const problem = await pipeline.take(described);
    if (pipeline.description) pipeline.database = this.#databaseOf(pipeline.description.db);
    this.#options.listener.described(pipeline, problem);
    this.#schedules.push(pipeline.schedule());
  }

  #databaseOf(path: string): ServedDatabase {
    const known = this.#databases.get(path);
    if (known) return known;
    const name = path.split(/[/\\]/).at(-1)!.replace(/\.\w+$/, "");
    const slug = this.#databaseSlugs.of(name, "db");
    const database: ServedDatabase = new ServedDatabase({ path, slug }, {
      access: this.#access,
      controlToken: this.controlToken,
      data: this.#options.data,
      host: {
        pipelines: this,
        resume: (run, tasks) => this.resume(() => database, run, tasks),
        cancel: (run) => {
          for (const pipeline of this.pipelines) {
            if (pipeline.database === database) pipeline.cancel(run);
          }
        },
      },
    });
    this.#databases.set(path, database);
    this.#dashboards.set(slug, database.app);
    return database;
  }
}

function noPipeline(id: string): HostRefusal {
  return { status: 404, error: `There is no pipeline ${id}` };
}
