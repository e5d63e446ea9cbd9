/**
 * Kills coordinators, workers and servers of NATS at random instants until their pipelines are done, and counts what
 * is lost and what is doubled; and runs a pipeline over a slow line that breaks.
 *
 * The kills are those of the long form, where processes are stopped for 10 s, too, and servers are away for longer than
 * the lease; in the suite `tests/nats/remote_faults_test.ts` kills each of them once. To wait for a random time is the
 * point.
 *
 * @module
 */
import { startPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { BadLine } from "../support/bad_line.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { CoordinatorProcess, remotely, startWorker, WorkerProcess } from "../support/remote.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const LOOSE = { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false };

/** Tasks of a pipeline. */
const TASKS = 1_000;

/** Milliseconds of the lease in `remotely`, and of a stop. */
const LEASE_MS = 2_000;
const STOP_MS = 10_000;

/** Milliseconds after which a pipeline that has not moved on never will. */
const STUCK_MS = 60_000;

/** What was counted. */
interface Sum {
  pipelines: number;
  coordinators: number;
  workers: number;
  servers: number;
  wiped: number;
  stops: number;
  rows: number;
  lost: number;
  doubled: number;
  /** Rows of tasks that are neither atomic nor keyed, which are there more than once. */
  again: number;
  /** Attempts that were lost with their worker or coordinator. */
  lostAttempts: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A pipeline and all that it needs, of which each may die. */
class Victims implements AsyncDisposable {
  readonly #server: NatsServer;
  readonly #db: string;
  readonly #isAtomic: boolean;
  readonly #random: Random;
  readonly #sum: Sum;
  #coordinator: CoordinatorProcess;
  readonly #workers: WorkerProcess[];
  /** How the coordinator ended by itself. */
  ended: Deno.CommandStatus | undefined;

  constructor(
    options: { server: NatsServer; db: string; isAtomic: boolean; random: Random; sum: Sum },
    workers: WorkerProcess[],
  ) {
    ({
      server: this.#server,
      db: this.#db,
      isAtomic: this.#isAtomic,
      random: this.#random,
      sum: this.#sum,
    } = options);
    this.#workers = workers;
    this.#coordinator = this.#start();
  }

  #start(): CoordinatorProcess {
    const coordinator = new CoordinatorProcess(this.#db, this.#server.url, {
      count: TASKS,
      isAtomic: this.#isAtomic,
    });
    coordinator.status.then((status) => {
      if (this.#coordinator === coordinator && status.signal === null) this.ended = status;
    });
    return coordinator;
  }

  /** Lets something happen to one of them. */
  async strike(): Promise<void> {
    const random = this.#random;
    const place = random.next();
    if (random.below(20) === 0) return await this.#stop(place);
    // A server starts at once; a process of Deno needs a quarter of a second of a processor.
    if (place < 0.5) await this.#killServer();
    else if (place < 0.75) await this.#killWorker();
    else await this.#killCoordinator();
  }

  async #killServer(): Promise<void> {
    const wipe = this.#random.below(3) === 0;
    await this.#server.kill({ wipe });
    if (this.#random.below(8) === 0) await sleep(1.5 * LEASE_MS);
    await this.#server.restart();
    this.#sum.servers++;
    if (wipe) this.#sum.wiped++;
  }

  async #killWorker(): Promise<void> {
    const n = this.#random.below(this.#workers.length);
    const victim = this.#workers[n]!;
    victim.signal("SIGKILL");
    this.#workers[n] = new WorkerProcess(this.#server.url, { workers: 4 });
    await victim[Symbol.asyncDispose]();
    this.#sum.workers++;
  }

  async #killCoordinator(): Promise<void> {
    if (this.ended) return;
    const victim = this.#coordinator;
    this.#coordinator = undefined as never;
    victim.signal("SIGKILL");
    const { signal } = await victim.status;
    await victim[Symbol.asyncDispose]();
    if (signal === "SIGKILL") this.#sum.coordinators++;
    this.#coordinator = this.#start();
  }

  async #stop(place: number): Promise<void> {
    const victim = place < 0.3 ? this.#server : place < 0.6 ? this.#workers[0]! : this.#coordinator;
    if (this.ended) return;
    victim.signal("SIGSTOP");
    await sleep(STOP_MS);
    victim.signal("SIGCONT");
    this.#sum.stops++;
  }

  /** Resolves when more tasks are done than were, or the pipeline has ended. */
  async moved(before: number): Promise<number> {
    const end = performance.now() + STUCK_MS;
    while (!this.ended) {
      const done = await this.done();
      if (done > before) return done;
      if (performance.now() > end) throw new Error(await this.#stuck(done));
      await sleep(50);
    }
    return before;
  }

  /** What is known where nothing moves. */
  async #stuck(done: number): Promise<string> {
    const states = await readValues(this.#db, "SELECT status, count(*) FROM task_runs GROUP BY 1")
      .catch((error) => `${error}`);
    const workers = await readValues(this.#db, "SELECT name, slots, running, left_at FROM workers")
      .catch((error) => `${error}`);
    return `${done} of ${TASKS} tasks are done, and no more after ${JSON.stringify(this.#sum)}: ` +
      `${JSON.stringify({ states, workers })}; workers have printed: ` +
      this.#workers.map(({ text }) => text).join("\n");
  }

  async done(): Promise<number> {
    const sql = "SELECT count(*) FROM task_runs WHERE status='done'";
    const [[done]] = await readValues(this.#db, sql).catch(() => [[0]]) as [[number]];
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#coordinator[Symbol.asyncDispose]();
  }
}

/** Counts the rows. */
async function count(db: string, isAtomic: boolean, sum: Sum): Promise<void> {
  assertEquals(await readValues(db, "PRAGMA integrity_check"), [["ok"]]);
  for (const table of ["numbers", "keyed"]) {
    const sql = `SELECT count(*), count(DISTINCT n) FROM ${table}`;
    const [[all, different]] = await readValues(db, sql) as [[number, number]];
    sum.rows += all;
    sum.lost += TASKS - different;
    if (isAtomic || table === "keyed") sum.doubled += all - different;
    else sum.again += all - different;
  }
  const [[attempts]] = await readValues(db, "SELECT count(*) FROM task_attempts") as [[number]];
  sum.lostAttempts += attempts;
  const sql = "SELECT status, count(*), count(DISTINCT key) FROM task_runs GROUP BY 1";
  assertEquals(await readValues(db, sql), [["done", TASKS, TASKS]]);
}

Deno.test(
  `NATS: coordinators, workers and servers are killed, and no row is lost or doubled (seed ${SEED})`,
  { ...LOOSE, ignore: !hasNats || !IS_LONG },
  async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const random = new Random(SEED);
    const workers = [1, 2].map(() => new WorkerProcess(server.url, { workers: 4 }));
    const sum: Sum = {
      pipelines: 0,
      coordinators: 0,
      workers: 0,
      servers: 0,
      wiped: 0,
      stops: 0,
      rows: 0,
      lost: 0,
      doubled: 0,
      again: 0,
      lostAttempts: 0,
    };
    const kills = () => sum.coordinators + sum.workers + sum.servers;
    try {
      while (kills() < KILLS || sum.pipelines < 2) {
        const db = folder.file(`${sum.pipelines}.db`);
        const isAtomic = sum.pipelines % 2 === 0;
        await using victims = new Victims({ server, db, isAtomic, random, sum }, workers);
        let done = 0;
        const latest = sum.pipelines === 0 ? Math.ceil(KILLS / 2) : KILLS;
        while (!victims.ended) {
          // One in eight dies while something else is starting.
          if (random.below(8) > 0) done = await victims.moved(done);
          await sleep(random.next() * 100);
          if (kills() >= latest || victims.ended) done = await victims.moved(TASKS - 1);
          else await victims.strike();
        }
        assertEquals(victims.ended.code, 0);
        await count(db, isAtomic, sum);
        sum.pipelines++;
      }
    } finally {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    }
    console.log(
      `NATS, seed ${SEED}: ${kills()} kills (${sum.coordinators} of coordinators, ` +
        `${sum.workers} of workers, ${sum.servers} of servers, ${sum.wiped} of them wiped) and ` +
        `${sum.stops} stops in ${sum.pipelines} pipelines of ${TASKS} tasks; ${sum.rows} rows: ` +
        `${sum.lost} lost, ${sum.doubled} of atomic or keyed tasks doubled, ${sum.again} of others; ` +
        `${sum.lostAttempts} attempts were lost`,
    );
    assertEquals([sum.lost, sum.doubled], [0, 0]);
  },
);

/** Milliseconds that all takes on the bad line, in each direction. */
const DELAY_MS = IS_LONG ? 100 : 20;

Deno.test(
  `NATS: over a line of ${DELAY_MS} ms that stalls and breaks, each row arrives once`,
  LOOSE,
  async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const db = folder.file("a.db");
    const random = new Random(SEED);
    using line = new BadLine(server.port, {
      delayMs: DELAY_MS,
      stalled: IS_LONG ? 0.02 : 0.05,
      random,
    });
    await using worker = startWorker(line.url, { workers: 8 });
    const items = Array.from({ length: IS_LONG ? 2_000 : 24 }, (_, n) => n);
    const run = startPipeline(items, {
      ...remotely(line.url, "loadSlowly"),
      db,
      atomic: true,
      workers: 8,
    });
    // One that is cut while it is opened is only given up after some seconds.
    await until(() => worker.lines.some((line) => line.startsWith("Joined")));
    const cuts = IS_LONG ? 30 : 1;
    for (let n = 0; n < cuts; n++) {
      await sleep(10 * DELAY_MS * (0.5 + random.next()));
      line.cut();
    }
    const { counts, failures } = await run.finished;
    assertEquals([counts.done, failures], [items.length, []], worker.lines.join("\n"));
    for (const table of ["numbers", "keyed"]) {
      const sql = `SELECT count(*), count(DISTINCT n) FROM ${table}`;
      assertEquals(await readValues(db, sql), [[items.length, items.length]], table);
    }
    assert(line.cuts > 0 && line.stalls > 0);
    console.log(
      `NATS over a bad line, seed ${SEED}: ${line.cuts} connections were cut, ${line.stalls} times ` +
        `it stalled; ${2 * items.length} rows: 0 lost, 0 doubled`,
    );
  },
);
