import { assertEquals } from "../support/assert.ts";
import { exampleCommand, runExample, serveLocally } from "../support/example_run.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const KILLED = IS_LONG ? KILLS : 2;
/** A process is killed at one of its first requests; there are more than that for each of them. */
const REQUESTS = 20;
/** Looks at an export until it is ready. */
const LOOKS = 3;
const MONTHS = Array.from({ length: KILLED * 10 }, (_, i) => `month-${i}`);
const DAYS = 3;

/** Requests for what was stored already. */
const askedAgain: string[] = [];

/** The names of the steps that are stored of the task of a month. */
async function storedSteps(db: string, month: string): Promise<unknown[]> {
  const rows = await readValues(
    db,
    `SELECT s.name FROM task_steps s JOIN task_runs t ON t.id=s.task_id WHERE t.key='${month}'`,
  );
  return rows.flat();
}

/** A server of exports, each of which is ready after some looks at it. */
function exporter(db: string, asked: () => void): ReturnType<typeof serveLocally> {
  const looks = new Map<string, number>();
  return serveLocally(async (request) => {
    asked();
    const { pathname, searchParams } = new URL(request.url);
    const name = pathname.slice(pathname.lastIndexOf("/") + 1);
    const month = searchParams.get("month") ?? name;
    const step = request.method === "POST" ? "ask" : pathname.includes("/file/") ? "download" : "";
    if (step && (await storedSteps(db, month)).includes(step)) askedAgain.push(`${step} ${month}`);
    if (step === "ask") return Response.json({ id: month });
    if (step === "download") {
      return new Response(
        Array.from({ length: DAYS }, (_, day) => `${day},${day * 10}\n`).join(""),
      );
    }
    const look = (looks.get(month) ?? 0) + 1;
    looks.set(month, look);
    if (look >= LOOKS) return Response.json({ state: "ready", url: `/file/${month}` });
    return Response.json({ state: "working" }, { headers: { "retry-after": "0.02" } });
  });
}

Deno.test(`examples/export_job.ts, killed again and again, asks once and loads each row once (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  let left = Infinity;
  let kill = () => {};
  using folder = tempFolder();
  const db = folder.file("exports.db");
  await using server = exporter(db, () => {
    if (--left === 0) setTimeout(() => kill(), random.next() * 10);
  });
  const { port } = server;
  const options = { cwd: folder.path, port, args: [`http://127.0.0.1:${port}`, ...MONTHS] };
  for (let i = 0; i < KILLED; i++) {
    left = 1 + random.below(REQUESTS);
    const child = (await exampleCommand("export_job.ts", options)).spawn();
    kill = () => child.kill("SIGKILL");
    const { signal } = await child.output();
    assertEquals(signal, "SIGKILL");
  }
  left = Infinity;
  await runExample("export_job.ts", options);
  assertEquals(askedAgain, []);
  const rows = await readValues(db, "SELECT month, day, amount FROM sale ORDER BY month, day");
  const expected = MONTHS.toSorted().flatMap((month) =>
    Array.from({ length: DAYS }, (_, day) => [month, day, day * 10])
  );
  assertEquals(rows, expected);
  const runs = await readValues(db, "SELECT status, resumed, done, error FROM pipeline_runs");
  assertEquals(runs, [["done", KILLED, MONTHS.length, 0]]);
  const steps = await readValues(
    db,
    `SELECT count(*) FROM task_steps GROUP BY task_id
     HAVING max(number)<>count(*) OR sum(name IN ('ask','download','load'))<>3`,
  );
  assertEquals(steps, []);
});
