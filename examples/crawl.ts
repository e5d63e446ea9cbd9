/**
 * Crawls a site: lists that lead to pages and, by a cursor, to the next list. Each task adds what it finds. A busy
 * server answers 429 with the time of the next try, which holds back all requests to it. Killed at any time, it resumes
 * where it was when it is started again; when it is done, the next crawl leaves out what has the same ETag. `/list`
 * and what it links to answer `{ links, next, title }`.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/crawl.ts http://127.0.0.1:8000
 * ```
 *
 * @module
 */
import { RetryAfter, runPipeline } from "@pipeloom/pipeloom";

const [base = "http://127.0.0.1:8000"] = Deno.args;

/** What is crawled: its address is its key, so that no page is crawled twice. */
interface Link {
  key: string;
  /** The version of a page, as given by the list that leads to it. */
  etag?: string;
}

/** What the site answers. */
interface Page {
  links?: Link[];
  /** The list behind this one. */
  next?: string;
  title?: string;
}

const hostOf = ({ key }: Link) => new URL(key, base).host;

const report = await runPipeline<Link>([{ key: "/list" }], {
  db: "crawl.db",
  name: "crawl",
  schema: "CREATE TABLE IF NOT EXISTS page (url TEXT, title TEXT)",
  atomic: true,
  resume: true,
  retries: 3,
  version: ({ etag }) => etag,
  tags: (link) => [hostOf(link)],
  limits: { "*": 4 },
  progress: true,
  async run(link, task) {
    const response = await fetch(new URL(link.key, base), { signal: task.signal });
    if (!response.ok) await response.body?.cancel();
    if (response.status === 429) {
      const after = response.headers.get("retry-after");
      throw RetryAfter.fromHeader(after, { tag: hostOf(link), spendsAttempt: false });
    }
    if (!response.ok) throw new Error(`${link.key} answered ${response.status}`);
    const { links = [], next, title } = await response.json() as Page;
    await task.add(next ? [{ key: next }, ...links] : links);
    if (title) await task.insert("page", [{ url: link.key, title }]);
  },
});
console.log(report.counts);
for (const { name, error } of report.failures) console.log(`${name}: ${error.message}`);
