/**
 * Workers, servers and coordinators that die, stop and come back: no row is lost, none of an atomic or keyed task is
 * doubled, and a worker that was taken for dead writes nothing more.
 *
 * Each case waits for a lease to be over, so all of them run at once, each with a server of its own.
 *
 * @module
 */
import { startPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { CoordinatorProcess, remotely, startWorker, WorkerProcess } from "../support/remote.ts";
import { readValues, rowsCome } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const LOOSE = {
  ignore: !hasNats,
  sanitizeOps: false,
  sanitizeResources: false,
  sanitizeExit: false,
};

const WAITS = "SELECT id FROM task_logs WHERE message = 'waits'";

const CASES: Record<string, () => Promise<void>> = {
  "the task of a killed worker runs elsewhere, and the attempt is kept": async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
    await using victim = new WorkerProcess(server.url);
    const run = startPipeline([gate], { ...remotely(server.url, "awaitFile"), db, atomic: true });
    await rowsCome(db, WAITS, 1);
    await using _other = startWorker(server.url);
    victim.signal("SIGKILL");
    // How soon is measured by `deno task bench --only=natsTasks`.
    await rowsCome(db, WAITS, 2);
    await Deno.writeTextFile(gate, "");
    const { counts, failures } = await run.finished;
    assertEquals([counts.done, failures], [1, []]);
    assertEquals(await readValues(db, "SELECT n FROM numbers ORDER BY n"), [[1], [2]]);
    const [[attempt, error, worker]] = await readValues(
      db,
      "SELECT attempt, error, worker FROM task_attempts",
    ) as [[number, string, string]];
    assertEquals(attempt, 1);
    assertMatch(error, /^Its worker .* is gone: it was silent for/);
    assertMatch(worker, new RegExp(`:${victim.pid}$`));
    assertEquals(
      await readValues(
        db,
        "SELECT name = ?, left_at IS NOT NULL FROM workers".replace("?", `'${worker}'`),
      ),
      [[1, 1], [0, 1]],
    );
  },

  "a worker that was stopped for longer than its lease writes nothing more when it continues":
    async () => {
      await using server = await NatsServer.start();
      using folder = tempFolder();
      const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
      await using sleeper = new WorkerProcess(server.url);
      const run = startPipeline([gate], { ...remotely(server.url, "awaitFile"), db });
      await rowsCome(db, WAITS, 1);
      sleeper.signal("SIGSTOP");
      await using _other = startWorker(server.url);
      await rowsCome(db, WAITS, 2);
      // It continues, and could write its second row before the other.
      await Deno.writeTextFile(gate, "");
      sleeper.signal("SIGCONT");
      await sleeper.printed("given this worker up");
      assertEquals((await run.finished).counts.done, 1);
      // The first row of an attempt that was lost is there: the task is not atomic.
      assertEquals(await readValues(db, "SELECT n, count(*) FROM numbers GROUP BY n"), [[1, 2], [
        2,
        1,
      ]]);
    },

  "a task that kills its worker three times ends as error; the others are done": async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const run = startPipeline(["poison", "a", "b"], {
      ...remotely(server.url, "poison"),
      db,
      retries: 5,
    });
    for (let i = 0; i < 3; i++) {
      await using worker = new WorkerProcess(server.url, { workers: 1 });
      // Where it was silent for too long before it died, that is a loss, too.
      await Promise.race([worker.status, run.finished]);
    }
    await using _ = startWorker(server.url);
    const { counts, failures } = await run.finished;
    assertEquals([counts.done, counts.error], [2, 1]);
    assertMatch(failures[0]!.error.message, /lost its worker three times and is not run again/);
  },

  "a server that is killed, and one that loses all that it had, do not end a run": async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
    await using _one = startWorker(server.url, { workers: 2 });
    const items = [gate, gate, gate, gate, gate];
    const run = startPipeline(items, { ...remotely(server.url, "awaitFile"), db, atomic: true });
    await rowsCome(db, WAITS, 2);
    await server.kill();
    // Longer than the lease.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await server.restart();
    await server.kill({ wipe: true });
    await server.restart();
    await Deno.writeTextFile(gate, "");
    const { counts, failures } = await run.finished;
    assertEquals([counts.done, failures], [5, []]);
    assertEquals(await readValues(db, "SELECT n, count(*) FROM numbers GROUP BY n"), [[1, 5], [
      2,
      5,
    ]]);
    // No worker was lost, so no task began twice.
    assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[0]]);
  },

  "a coordinator that was killed resumes: what was running runs again at most, no row twice":
    async () => {
      await using server = await NatsServer.start();
      using folder = tempFolder();
      const db = folder.file("etl.db");
      await using _one = startWorker(server.url);
      await using _two = startWorker(server.url);
      {
        await using first = new CoordinatorProcess(db, server.url);
        await rowsCome(db, "SELECT id FROM task_runs WHERE status = 'done'", 20);
        first.signal("SIGKILL");
      }
      const [[before]] = await readValues(
        db,
        "SELECT count(*) FROM task_runs WHERE status='done'",
      ) as [[number]];
      await using second = new CoordinatorProcess(db, server.url);
      const counts = JSON.parse(await second.printed("}"));
      assertEquals([counts.done, counts.total], [100, 100]);
      assert(before < 100, "all was done before");
      for (const table of ["numbers", "keyed"]) {
        const sql = `SELECT count(*), count(DISTINCT n) FROM ${table}`;
        assertEquals(await readValues(db, sql), [[100, 100]], table);
      }
      const [[again]] = await readValues(db, "SELECT count(*) FROM task_attempts") as [[number]];
      assert(again <= 8, `${again} tasks ran again`);
    },
};

Deno.test("processes on machines die, stop and come back", LOOSE, async (t) => {
  await Promise.all(Object.entries(CASES).map(([name, fn]) => t.step({ ...LOOSE, name, fn })));
});
