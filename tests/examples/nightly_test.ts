import { assert, assertEquals } from "../support/assert.ts";
import { exampleCommand, runExample, serveLocally } from "../support/example_run.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const KILLED = IS_LONG ? Math.min(KILLS, 40) : 2;
const DAYS = 30;
/** A process is killed some time after one of its first requests, of three for each day. */
const REQUESTS = 40;
const KILL_MS = 400;

const dates = Array.from(
  { length: DAYS },
  (_, day) => new Date(Date.UTC(2026, 10, 1 + day)).toISOString().slice(0, 10),
);

/** The sales of a day: one of them is of nothing, and the last day has none. */
function salesOf(date: string): { customer: number; cents: number }[] {
  const day = dates.indexOf(date);
  if (day === DAYS - 1) return [];
  return Array.from({ length: 5 + day }, (_, i) => ({ customer: i % 4, cents: 100 * (i + day) }));
}

const CUSTOMERS = [0, 1, 2, 3].map((id) => ({ id, name: `Customer ${id}` }));
const EURO = 0.5;

/** Each tenth request is one too many. */
function files(
  asked: () => void,
  notified: (body: Record<string, unknown>) => void,
): ReturnType<typeof serveLocally> {
  let requests = 0;
  return serveLocally(async (request) => {
    const [, file, date] = new URL(request.url).pathname.split("/");
    if (file === "webhook") {
      notified(await request.json());
      return new Response();
    }
    asked();
    if (++requests % 10 === 0) return new Response("Busy", { status: 503 });
    if (file === "sales") return Response.json(salesOf(date!));
    return Response.json(file === "customers" ? CUSTOMERS : { euro: EURO });
  });
}

/** Checks that everything is there, once. */
async function check(folder: { path: string; file(name: string): string }): Promise<void> {
  const db = folder.file("nightly.db");
  const sold = dates.map((date) => salesOf(date).filter(({ cents }) => cents > 0));
  const sums = sold.map((sales, day) => [
    dates[day]!,
    sales.length,
    sales.reduce((sum, { cents }) => sum + cents / 100 * EURO, 0),
  ]);
  assertEquals(await readValues(db, "SELECT date, sales, euros FROM day ORDER BY date"), sums);
  const loaded = await readValues(
    db,
    "SELECT date, count(*), sum(euros) FROM sale GROUP BY date ORDER BY date",
  );
  assertEquals(loaded, sums.filter(([, sales]) => Number(sales) > 0));
  assertEquals(
    await readValues(db, "SELECT id, name FROM customer ORDER BY id"),
    CUSTOMERS.map(({ id, name }) => [id, name]),
  );
  const tasks = await readValues(
    db,
    "SELECT stage, status, count(*), count(DISTINCT key) FROM task_runs GROUP BY 1, 2",
  );
  assertEquals([tasks.length, tasks.every(([, status]) => status === "done")], [10, true]);
  for (const [, , count, keys] of tasks) assertEquals([count, keys], [DAYS, DAYS]);
  assertEquals(
    await readValues(
      db,
      "SELECT name, sum(passed), count(*) FROM task_checks GROUP BY 1 ORDER BY 1",
    ),
    [["every sale has a customer", DAYS, DAYS], ["there are sales", DAYS - 1, DAYS]],
  );
  assertEquals([...Deno.readDirSync(folder.file("nightly"))], []);
}

Deno.test(`examples/nightly.ts, killed again and again, ends with every date once (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  let left = Infinity;
  let kill = () => {};
  let end: Record<string, unknown> | undefined;
  await using server = files(
    () => {
      if (--left === 0) setTimeout(() => kill(), random.next() * KILL_MS);
    },
    (body) => end = body,
  );
  let killed = 0;
  while (killed < KILLED) {
    // One that was faster is done: the next night begins.
    using folder = tempFolder();
    const options = { cwd: folder.path, port: server.port };
    let isDone = false;
    while (killed < KILLED && !isDone) {
      left = 1 + random.below(REQUESTS);
      const child = (await exampleCommand("nightly.ts", options)).spawn();
      kill = () => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
      };
      const { signal, code } = await child.output();
      if (signal === "SIGKILL") killed++;
      else {
        assertEquals(code, 0);
        isDone = true;
      }
    }
    left = Infinity;
    kill = () => {};
    if (!isDone) await runExample("nightly.ts", options);
    await check(folder);
    assert(end, "the webhook was called at the end");
    assertEquals([end.name, end.status, end.done], ["nightly", "done", 10 * DAYS]);
    assertEquals(Object(end.checks).warned, 1);
    end = undefined;
  }
});
