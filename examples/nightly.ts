/**
 * The work of a night, for thirty dates: ten stages each, from three files of a server to a total that was checked.
 * Killed at any time, it continues where it was when it is started again.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/nightly.ts http://127.0.0.1:8000
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";

const [base = "http://127.0.0.1:8000", first = "2026-11-01", days = "30"] = Deno.args;

interface Item {
  key: string;
  stage: string;
  date: string;
}

type Sale = { customer: number; cents: number };

/** Fetches a file of a date, and keeps it as it came until the date is done. */
async function download({ key, stage, date }: Item, { signal }: TaskContext): Promise<unknown> {
  const response = await fetch(`${base}/${stage}/${date}`, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${key}: the server answered ${response.status}`);
  await Deno.writeTextFile(`nightly/${key}.json`, text);
  return JSON.parse(text);
}

/** What each stage waits for, of the same date; it may read the results of these. */
const NEEDS: Record<string, string[]> = {
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
};

const items = Array.from({ length: Number(days) }, (_, day) => {
  const date = new Date(Date.parse(first) + day * 86_400_000).toISOString().slice(0, 10);
  return Object.keys(NEEDS).map((stage): Item => ({ key: `${stage} ${date}`, stage, date }));
}).flat();

await Deno.mkdir("nightly", { recursive: true });
const report = await runPipeline(items, {
  db: "nightly.db",
  name: "nightly",
  schema: `CREATE TABLE IF NOT EXISTS sale (date TEXT, customer INTEGER, euros REAL);
    CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE IF NOT EXISTS day (date TEXT PRIMARY KEY, sales INTEGER, euros REAL);`,
  atomic: true,
  resume: { key: first }, // one run for each night, however often it is started
  retries: 3,
  dependsOn: ({ stage, date }) => NEEDS[stage]!.map((needed) => `${needed} ${date}`),
  runsWhen: ({ stage }) => stage === "tidy" ? "ended" : "done", // also after a failure
  stage: ({ stage }) => stage,
  progress: true,
  run: {
    sales: download,
    customers: download,
    rates: download,
    clean: async ({ date }, task) =>
      (await task.resultOf<Sale[]>(`sales ${date}`)).filter(({ cents }) => cents > 0),
    async convert({ date }, task) {
      const { euro } = await task.resultOf<{ euro: number }>(`rates ${date}`);
      return (await task.resultOf<Sale[]>(`clean ${date}`))
        .map(({ customer, cents }) => ({ date, customer, euros: cents / 100 * euro }));
    },
    load: async ({ date }, task) =>
      await task.insert("sale", await task.resultOf<[]>(`convert ${date}`)),
    async names({ date }, task) {
      const customers = await task.resultOf<[]>(`customers ${date}`);
      await task.insert("customer", customers, { onConflict: ["id"] });
    },
    async total({ date }, task) {
      const sql = `INSERT INTO day SELECT ?1, count(*), coalesce(sum(euros), 0)
        FROM sale JOIN customer ON id=customer WHERE date=?1`;
      await task.execute(sql, [date]);
    },
    async check({ date }, task) {
      const [day] = await task.query("SELECT sales FROM day WHERE date=?", [date]);
      const { length } = await task.resultOf<Sale[]>(`clean ${date}`);
      task.check("every sale has a customer", day!.sales === length, { value: day!.sales });
      task.check("there are sales", length > 0, { severity: "warn" });
    },
    async tidy({ date }) {
      for (const stage of ["sales", "customers", "rates"]) {
        await Deno.remove(`nightly/${stage} ${date}.json`).catch(() => {});
      }
    },
  },
  async onEnd({ name, status, counts, checks }, signal) {
    const body = JSON.stringify({ name, status, done: counts.done, checks });
    await (await fetch(`${base}/webhook`, { method: "POST", body, signal })).body?.cancel();
  },
});
console.log(report.counts);
