/**
 * The work of a night, for thirty dates: ten stages each, from three files of a server to a total that was checked.
 * The next stage reads what a stage returns. The last one cleans up, also after a failure, and the end is posted to a
 * webhook. Killed at any time, it continues where it was when it is started again.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/nightly.ts http://127.0.0.1:8000
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";

const [base = "http://127.0.0.1:8000", first = "2026-11-01", days = "30"] = Deno.args;
const FOLDER = "nightly";

interface Sale {
  customer: number;
  cents: number;
}

/** What each stage waits for, of the same date. */
const NEEDS = {
  sales: [],
  customers: [],
  rates: [],
  clean: ["sales"],
  convert: ["clean", "rates"],
  load: ["convert"],
  names: ["customers"],
  total: ["load", "names"],
  check: ["total", "clean"],
  tidy: ["check"],
} as const;

type Stage = keyof typeof NEEDS;
interface Item {
  key: string;
  stage: Stage;
  date: string;
}

const keyOf = (stage: Stage, date: string) => `${stage} ${date}`;

/** Fetches a file of a date, and keeps it as it came until the date is done. */
async function download({ stage, date }: Item, { signal }: TaskContext): Promise<unknown> {
  const response = await fetch(`${base}/${stage}/${date}`, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${stage} of ${date}: the server answered ${response.status}`);
  await Deno.writeTextFile(`${FOLDER}/${stage}_${date}.json`, text);
  return JSON.parse(text);
}

const items = Array.from({ length: Number(days) }, (_, day) => {
  const date = new Date(Date.parse(first) + day * 86_400_000).toISOString().slice(0, 10);
  return (Object.keys(NEEDS) as Stage[]).map((stage): Item => ({
    key: keyOf(stage, date),
    stage,
    date,
  }));
}).flat();

await Deno.mkdir(FOLDER, { recursive: true });
const report = await runPipeline(items, {
  db: "nightly.db",
  name: "nightly",
  schema: `CREATE TABLE IF NOT EXISTS sale (date TEXT, customer INTEGER, euros REAL);
    CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE IF NOT EXISTS day (date TEXT PRIMARY KEY, sales INTEGER, euros REAL);`,
  atomic: true,
  // One run for each night: started again after its last commit, it does nothing twice.
  resume: { key: first },
  retries: 3,
  retryDelayMs: 50,
  dependsOn: ({ stage, date }) => NEEDS[stage].map((needed) => keyOf(needed, date)),
  runsWhen: ({ stage }) => stage === "tidy" ? "ended" : "done",
  stage: ({ stage }) => stage,
  workers: { sales: 4, customers: 4, rates: 4, clean: 8, convert: 8, load: 2, names: 2 },
  progress: true,
  run: {
    sales: download,
    customers: download,
    rates: download,
    clean: async ({ date }, task) =>
      (await task.resultOf<Sale[]>(keyOf("sales", date))).filter(({ cents }) => cents > 0),
    async convert({ date }, task) {
      const { euro } = await task.resultOf<{ euro: number }>(keyOf("rates", date));
      const sales = await task.resultOf<Sale[]>(keyOf("clean", date));
      return sales.map(({ customer, cents }) => ({ date, customer, euros: cents / 100 * euro }));
    },
    load: async ({ date }, task) =>
      await task.insert("sale", await task.resultOf<[]>(keyOf("convert", date))),
    async names({ date }, task) {
      const customers = await task.resultOf<[]>(keyOf("customers", date));
      await task.insert("customer", customers, { onConflict: ["id"] });
    },
    async total({ date }, task) {
      const [sum] = await task.query(
        `SELECT ?1 AS date, count(*) AS sales, coalesce(sum(euros), 0) AS euros
         FROM sale JOIN customer ON id=customer WHERE date=?1`,
        [date],
      );
      await task.insert("day", [sum!]);
      return sum!.sales;
    },
    async check({ date }, task) {
      const sales = await task.resultOf<Sale[]>(keyOf("clean", date));
      const total = await task.resultOf<number>(keyOf("total", date));
      task.check("every sale has a customer", total === sales.length, { value: total });
      task.check("there are sales", total > 0, { severity: "warn" });
    },
    async tidy({ date }) {
      for (const stage of ["sales", "customers", "rates"]) {
        await Deno.remove(`${FOLDER}/${stage}_${date}.json`).catch(() => {});
      }
    },
  },
  async onEnd({ name, status, counts, checks }, signal) {
    const body = JSON.stringify({ name, status, done: counts.done, checks });
    const answer = await fetch(`${base}/webhook`, { method: "POST", body, signal });
    await answer.body?.cancel();
  },
});
console.log(report.counts);
