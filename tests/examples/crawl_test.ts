import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { exampleCommand, runExample, serveLocally } from "../support/example_run.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const KILLED = IS_LONG ? KILLS : 3;
/** A process is killed at one of its first requests; this many are there for each of them. */
const REQUESTS = 12;
const LINKS = 8;
const LISTS = Math.ceil(KILLED * REQUESTS / LINKS);
const PAGES = LISTS * LINKS;

/** The ETags of pages that have changed. */
const etags = new Map<number, string>();

/** Lists of links, each behind the one before it; each tenth request is one too many. */
function site(asked: () => void): ReturnType<typeof serveLocally> {
  let requests = 0;
  return serveLocally((request) => {
    asked();
    if (++requests % 10 === 0) {
      return new Response("Busy", { status: 429, headers: { "retry-after": "0.01" } });
    }
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/list") return Response.json({ title: `Page ${pathname.slice(6)}` });
    const cursor = Number(searchParams.get("cursor"));
    // The last of the list before is found twice.
    const links = Array.from({ length: LINKS + 1 }, (_, i) => cursor * LINKS + i - 1)
      .filter((page) => page >= 0).map((page) => ({
        key: `/page/${page}`,
        etag: etags.get(page) ?? "1",
      }));
    return Response.json({
      links,
      ...(cursor + 1 < LISTS ? { next: `/list?cursor=${cursor + 1}` } : {}),
    });
  });
}

Deno.test(`examples/crawl.ts, killed again and again, ends with every page once (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  let left = Infinity;
  let kill = () => {};
  await using server = site(() => {
    if (--left === 0) setTimeout(() => kill(), random.next() * 10);
  });
  using folder = tempFolder();
  const db = folder.file("crawl.db");
  const options = { cwd: folder.path, port: server.port };
  for (let i = 0; i < KILLED; i++) {
    left = 1 + random.below(REQUESTS);
    const child = (await exampleCommand("crawl.ts", options)).spawn();
    kill = () => child.kill("SIGKILL");
    const { signal } = await child.output();
    assertEquals(signal, "SIGKILL");
  }
  left = Infinity;
  await runExample("crawl.ts", options);
  const titles = Array.from({ length: PAGES }, (_, i) => [`/page/${i}`, `Page ${i}`]);
  const inOrder = "ORDER BY cast(substr(url, 7) AS INT)";
  const rows = await readValues(db, `SELECT url, title FROM page ${inOrder}`);
  assertEquals(rows, titles);
  const tasks = await readValues(
    db,
    `SELECT status, count(*), count(DISTINCT key) FROM task_runs GROUP BY 1`,
  );
  assertEquals(tasks, [["done", PAGES + LISTS, PAGES + LISTS]]);
  const runs = await readValues(
    db,
    "SELECT status, resumed, done, queued, running FROM pipeline_runs",
  );
  assertEquals(runs, [["done", KILLED, PAGES + LISTS, 0, 0]]);
  // The next crawl asks for the lists, and for what has changed.
  etags.set(3, "2");
  etags.set(PAGES - 1, "2");
  const printed = await runExample("crawl.ts", options);
  assertStringIncludes(printed, `unchanged: ${PAGES - 2}`);
  const changed = await readValues(db, `SELECT url FROM page WHERE rowid > ${PAGES} ${inOrder}`);
  assertEquals(changed, [["/page/3"], [`/page/${PAGES - 1}`]]);
});
