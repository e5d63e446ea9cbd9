import type { Task, TaskDetail, TaskPage, TaskQuery } from "../../../dashboard/api.ts";
import type { Read } from "../../../dashboard/server/queries/find.ts";
import { TaskBlocks } from "../../../dashboard/server/queries/search/task_blocks.ts";
import type { PageCursor } from "../../../dashboard/server/queries/plan.ts";
import { fromCursor, listTasks } from "../../../dashboard/server/queries/tasks.ts";
import { Reader } from "../../../dashboard/server/reader.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import { SEARCHED_CHARACTERS } from "../../../internal/search_text.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { pageOf } from "../../../dashboard/client/live/offline.ts";
import { defaultQuery } from "../../../dashboard/client/lib/route.ts";
import { addRun, addTask, show, type Shown } from "../fixture.ts";
import { IS_LONG } from "../../support/long_form.ts";
import { Random } from "../../support/random.ts";
import { LATER } from "../../writer/worker/store_fixture.ts";

const SEEDS = IS_LONG ? 3 : 1;

/** The order of UTF-8, in which SQLite compares texts. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [[...a], [...b]].map((chars) => chars.map((c) => c.codePointAt(0)!));
  for (let i = 0; i < Math.min(x!.length, y!.length); i++) {
    if (x![i] !== y![i]) return x![i]! - y![i]!;
  }
  return x!.length - y!.length;
}

const NAMES = ["load", "Load", "lö%ad", "a_b", "ab", "～", "😀", "ﬀ", "x'); DROP", "\\", "é", ""];
const BEGUN = Date.parse("2026-01-01T00:00:00.000Z");
const iso = (ms: number) => new Date(BEGUN + ms).toISOString();

/** Texts of which a search reads the beginning: the last of them match only past it. */
const LONG = [
  "x".repeat(SEARCHED_CHARACTERS - 4) + "Load",
  "é".repeat(SEARCHED_CHARACTERS - 4) + "Load",
  "x".repeat(SEARCHED_CHARACTERS - 1) + "Load",
  "é".repeat(SEARCHED_CHARACTERS - 1) + "Load",
];

type Row = Record<string, string | number | null>;

function randomRow(random: Random): Row {
  const status = random.pick(TASK_STATUSES);
  const started = status === "queued" ? null : random.below(50) * 1_000;
  const ended = status === "queued" || status === "running"
    ? null
    : started! + random.below(9) * 500;
  return {
    name: random.pick(NAMES) + random.pick(NAMES),
    key: random.pick([null, "k1", "k2"]),
    status,
    progress: random.below(5) / 4,
    message: random.pick([null, "half way", "100%", "under_score", "LOAD", ...LONG]),
    started_at: started === null ? null : iso(started),
    finished_at: ended === null ? null : iso(ended),
  };
}

interface Query {
  status: TaskStatus[];
  q: string;
  key: string;
  sort: string;
}

function randomQuery(random: Random): Query {
  const by = random.pick(["id", "name", "started", "duration", "progress"]);
  return {
    status: random.below(2) ? [] : TASK_STATUSES.filter(() => random.below(2)),
    q: random.below(2) ? "" : random.pick(["lo", "%", "_", "\\", "😀", "LOAD", "a_b", "'"]),
    key: random.below(4) ? "" : random.pick(["k1", "k2", "k3"]),
    sort: random.below(2) ? by : `-${by}`,
  };
}

/** What SQL is expected to find, in plain JavaScript. */
function expected(rows: (Row & { id: number })[], { status, q, key, sort }: Query): number[] {
  const fold = (text: unknown) => String(text ?? "").replace(/[A-Z]/g, (c) => c.toLowerCase());
  const by = sort.replace("-", "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const time = (row: Row, column: string) =>
    row[column] === null ? undefined : Date.parse(String(row[column]));
  const value = (row: Row): number | undefined => {
    const [from, to] = [time(row, "started_at"), time(row, "finished_at")];
    if (by === "started") return from;
    if (by === "duration") return to === undefined ? undefined : to - from!;
    return by === "progress" ? Number(row.progress) : 0;
  };
  return rows.filter((row) =>
    (status.length === 0 || status.includes(row.status as TaskStatus)) &&
    (!key || row.key === key) &&
    (!q || fold(row.name).includes(fold(q)) ||
      fold(row.message).slice(0, SEARCHED_CHARACTERS).includes(fold(q)))
  ).sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    // What is not known comes last in either direction; among themselves ids decide, in the direction.
    if ((x === undefined) !== (y === undefined)) return x === undefined ? 1 : -1;
    const difference = by === "name"
      ? compareTexts(String(a.name), String(b.name))
      : (x ?? 0) - (y ?? 0);
    return sign * (difference || a.id - b.id);
  }).map(({ id }) => id);
}

/** A page's address. */
function pathOf({ status, q, key, sort }: Query, limit: number, cursor?: string | null): string {
  const params = new URLSearchParams({ status: status.join(","), q, key, sort, limit: `${limit}` });
  if (cursor) params.set("cursor", cursor);
  return `/api/runs/1/tasks?${params}`;
}

/** Walks through all pages, first to last or back from the page at `cursor`. */
async function walk(
  shown: Shown,
  query: Query,
  options: { limit: number; cursor?: string | null; back?: boolean; between?: () => void },
): Promise<{ ids: number[]; last: TaskPage }> {
  const { limit, back = false, between } = options;
  let { cursor } = options;
  const pages: Task[][] = [];
  for (;;) {
    const page = await shown.get<TaskPage>(pathOf(query, limit, cursor));
    pages.push(page.tasks);
    assert(page.tasks.length <= limit);
    const on = back ? page.previous : page.next;
    if (on === null) {
      const inOrder = back ? pages.reverse() : pages;
      return { ids: inOrder.flat().map(({ id }) => id), last: page };
    }
    cursor = on;
    between?.();
  }
}

for (let seed = 1; seed <= SEEDS; seed++) {
  Deno.test(`listTasks() pages as a plain sort does, there and back (seed ${seed})`, async () => {
    using shown = await show();
    const random = new Random(seed);
    const rows = Array.from({ length: 150 }, () => randomRow(random));
    const ids = addRun(shown.store, rows);
    // Rows of another run lie among them.
    addTask(shown.store, 2, 10_000, { name: "load" });
    const known = rows.map((row, i) => ({ ...row, id: ids[i]! }));
    for (let n = 0; n < 25; n++) {
      const query = randomQuery(random);
      const limit = random.below(4) ? 1 + random.below(40) : 140;
      const about = `seed ${seed}: ${JSON.stringify(query)}, ${limit} a page`;
      const want = expected(known, query);
      const there = await walk(shown, query, { limit });
      assertEquals(there.ids, want, about);
      if (query.q || query.key) assertEquals(there.last.found, want.length, about);
      if (!there.last.previous) continue;
      const back = await walk(shown, query, { limit, cursor: there.last.previous, back: true });
      assertEquals(back.ids, want.slice(0, want.length - there.last.tasks.length), about);
      assertEquals(back.last.previous, null);
    }
  });

  Deno.test(`listTasks() neither loses nor doubles what stays, while others change (seed ${seed})`, async () => {
    using shown = await show();
    const random = new Random(100 + seed);
    const { store } = shown;
    const rows = Array.from({ length: 200 }, () => randomRow(random));
    const ids = addRun(store, rows);
    const restless = ids.filter(() => random.below(3) === 0);
    let nextId = ids.at(-1)! + 1;
    const change = () => {
      for (let n = 0; n < 5; n++) {
        const { started_at, finished_at, progress, status, name } = randomRow(random);
        if (random.below(2)) addTask(store, 1, nextId++, randomRow(random));
        if (random.below(4) === 0) {
          store.connection.prepare("DELETE FROM task_runs WHERE id=?").run(random.pick(restless));
        }
        store.connection.prepare(
          "UPDATE task_runs SET started_at=?, finished_at=?, progress=?, status=?, name=? WHERE id=?",
        ).run(started_at, finished_at, progress, status, name, random.pick(restless));
      }
    };
    const steady = rows.map((row, i) => ({ ...row, id: ids[i]! }))
      .filter(({ id }) => !restless.includes(id));
    for (let n = 0; n < 6; n++) {
      const query = randomQuery(random);
      const want = expected(steady, query);
      const kept = new Set(steady.map(({ id }) => id));
      const { ids, last } = await walk(shown, query, { limit: 7, between: change });
      assertEquals(ids.filter((id) => kept.has(id)), want, JSON.stringify(query));
      if (!last.previous || last.tasks.length === 0) continue;
      const cursor = last.previous;
      const back = await walk(shown, query, { limit: 7, cursor, back: true, between: change });
      const rest = want.filter((id) => !last.tasks.some((task) => task.id === id));
      assertEquals(back.ids.filter((id) => kept.has(id)), rest, JSON.stringify(query));
    }
  });
}

Deno.test("listTasks() turns round where all that was before or after is gone", async () => {
  using shown = await show();
  const ids = addRun(shown.store, Array.from({ length: 6 }, () => ({})));
  const at = (cursor: string | null) =>
    shown.get<TaskPage>(`/api/runs/1/tasks?limit=2&cursor=${cursor}`);
  const first = await shown.get<TaskPage>("/api/runs/1/tasks?limit=2");
  const second = await at(first.next);
  shown.store.connection.exec(`DELETE FROM task_runs WHERE id < ${ids[2]} OR id > ${ids[3]}`);
  const before = await at(second.previous);
  assertEquals([before.tasks, before.previous], [[], null]);
  assertEquals((await at(before.next)).tasks.map(({ id }) => id), [ids[3]!]);
  const after = await at(second.next);
  assertEquals([after.tasks, after.next], [[], null]);
  assertEquals((await at(after.previous)).tasks.map(({ id }) => id), [ids[2]!]);
});

Deno.test("listTasks() cuts texts, at whole characters, and keeps what follows a NUL", async () => {
  using shown = await show();
  const long = "😀".repeat(1_000_000);
  const [id] = addRun(shown.store, [{
    name: "a\0b",
    message: long,
    error: `first line\n${long}`,
    key: "",
    result: "é\0".repeat(600_000),
    status: "error",
  }]);
  const [task] = (await shown.get<TaskPage>("/api/runs/1/tasks")).tasks;
  assertEquals([task!.name, task!.error, task!.key], ["a\0b", "first line", ""]);
  assertEquals(task!.message, "😀".repeat(150));
  const detail = await shown.get<{ cut: string[]; result: string; message: string }>(
    `/api/tasks/${id}`,
  );
  assertEquals(detail.cut, ["message", "error", "result"]);
  assert(detail.message === "😀".repeat(50_000));
  assert(detail.result === "é\0".repeat(50_000));
  const texts = { message: long, error: `first line\n${long}`, result: "é\0".repeat(600_000) };
  for (const [field, whole] of Object.entries(texts)) {
    const answer = await shown.app.request(`/api/tasks/${id}/texts/${field}`);
    assertEquals(
      answer.headers.get("Content-Disposition"),
      `attachment; filename="task_${id}_${field}.txt"`,
    );
    assert(await answer.text() === whole, field);
  }
  await shown.get(`/api/tasks/${id}/texts/name`, 404);
  await shown.get("/api/tasks/999/texts/error", 404);
});

Deno.test("listTasks() finds by values of any type that another program has written", async () => {
  using shown = await show();
  const names = [new Uint8Array([98, 0, 99]), "a", "c"];
  addRun(
    shown.store,
    names.map((name, i) => ({ name, progress: [Infinity, "much", -3][i]!, started_at: "then" })),
  );
  shown.store.connection.exec(`UPDATE task_runs SET finished_at = '${LATER}'`);
  for (const sort of ["name", "-progress", "started", "duration", "-duration"]) {
    const query = { status: [], q: "", key: "", sort };
    assertEquals((await walk(shown, query, { limit: 1 })).ids.sort(), [1, 2, 3], sort);
  }
});

Deno.test("listTasks() finds the tasks of a run whose ids are as far apart as they can be", async () => {
  using shown = await show();
  // More than a slice of such a run keeps.
  const rows = Array.from({ length: 30 }, () => ({ status: "done", name: "load" }));
  const near = addRun(shown.store, rows);
  const ids = [...near, 2 ** 40, Number.MAX_SAFE_INTEGER - 1];
  for (const id of ids.slice(near.length)) {
    addTask(shown.store, 1, id, { status: "done", name: "load" });
  }
  // The counts may be of another program, too.
  shown.store.connection.exec(`UPDATE pipeline_runs SET done = ${2 ** 53}`);
  for (const sort of ["id", "-id", "name", "-duration"]) {
    const query = { status: [], q: "load", key: "", sort };
    const found = (await walk(shown, query, { limit: sort === "id" ? 2 : 25 })).ids;
    assertEquals(sort === "name" ? found : found.sort((a, b) => a - b), ids, sort);
  }
});

Deno.test("a search folds case and composition, of the server as of an exported run", async () => {
  using shown = await show();
  const names = ["\u00c4gypten.csv", "A\u0308GYPTEN 2", "\u041f\u0440\u0438\u0432\u0435\u0442"];
  names.push("\u00c5S", "STRASSE", "plain 1", "plain 2");
  addRun(shown.store, names.map((name) => ({ name })));
  const { tasks: all } = await shown.get<TaskPage>("/api/runs/1/tasks");
  const searches: [text: string, found: string[]][] = [
    ["\u00e4gypten", names.slice(0, 2)],
    ["\u043f\u0440\u0438\u0432\u0435\u0442", names.slice(2, 3)],
    ["a\u030as", names.slice(3, 4)],
    ["stra\u00dfe", names.slice(4, 5)],
    ["PLAIN", names.slice(5)],
  ];
  for (const [q, found] of searches) {
    const live = await shown.get<TaskPage>(`/api/runs/1/tasks?q=${encodeURIComponent(q)}`);
    const exported = pageOf(all as TaskDetail[], { ...defaultQuery(), q });
    for (const { tasks } of [live, exported]) assertEquals(tasks.map(({ name }) => name), found, q);
  }
});

Deno.test("listTasks() hands out what a long search has found, and its page before it counts", async () => {
  using shown = await show();
  addRun(shown.store, Array.from({ length: 12 }, (_, i) => ({ name: i % 11 ? "b" : "a" })));
  using reader = await Reader.open(shown.store.connection.path, "builtin");
  // Every read takes long, as one of a million rows does.
  const read: Read = (query) => {
    const end = performance.now() + 60;
    while (performance.now() < end);
    return query(reader);
  };
  const parts: [number[], number | undefined, boolean][] = [];
  const page = await listTasks(
    read,
    1,
    { status: [], q: "a", key: "", sort: "id", limit: 5 },
    {
      onPart: ({ tasks, found }, isWhole) =>
        parts.push([tasks.map(({ id }) => id), found, isWhole]),
    },
  );
  assertEquals(parts.at(-1), [[1, 12], undefined, true]);
  const before = parts.slice(0, -1);
  assert(before.length > 0);
  for (const [ids, found, isWhole] of before) {
    assertEquals([ids, found, isWhole], [[1, 12].slice(0, ids.length), undefined, false]);
  }
  assertEquals(page!.found, 2);
});

/** The same reader, and how many of its statements looked at rows. */
function countLooks(reader: Reader): { reader: Reader; looks: () => number } {
  let looks = 0;
  const counted = new Proxy(reader, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "all" && /LIKE|ORDER BY value/.test(`${args[0]}`)) looks++;
        return member.apply(target, args);
      };
    },
  });
  return { reader: counted, looks: () => looks };
}

function readAllBlocks(reader: Reader): void {
  const blocks = new TaskBlocks(1);
  blocks.advance(reader, true, Infinity);
  assert(blocks.complete);
}

Deno.test("a search finds the same with texts in memory, and reads no row where none can match", async () => {
  using shown = await show();
  const random = new Random(7);
  const odd = ["Ägypten", "A\u0308GYPTEN", "x\0needle", ...LONG];
  const ids = addRun(
    shown.store,
    Array.from({ length: 9_000 }, (_, i) => ({
      status: "done",
      name: `task ${i}${i % 7 ? "" : random.pick(NAMES)}`,
      // Two blocks have nothing but ASCII.
      message: i < 4_100 || i % 50 ? null : random.pick(odd),
    })),
  );
  shown.store.connection.exec("UPDATE pipeline_runs SET status='done'");
  using plain = await Reader.open(shown.db, "builtin");
  using file = await Reader.open(shown.db, "builtin");
  const { reader, looks } = countLooks(file);
  readAllBlocks(reader);
  const find = (reader: Reader, q: string, sort = "id" as const) =>
    listTasks((query) => query(reader), 1, { status: [], q, key: "", sort, limit: 20 });
  for (const q of ["LÖ%", "ägypten", "needle", "TASK 77", "k 8999", "x", "load", "ﬀ", "9\nt"]) {
    assertEquals(await find(reader, q), await find(plain, q), q);
  }
  const before = looks();
  shown.store.connection.prepare("UPDATE task_runs SET name=? WHERE id=?").run("nowhere", ids[9]!);
  const wanted = (found: TaskPage | undefined) => found?.tasks.map(({ id }) => id);
  assertEquals(wanted(await find(reader, "nowhere else")), []);
  const inPlain = looks() - before;
  assertEquals(wanted(await find(plain, "nowhere else")), []);
  assert(inPlain < 9_000 / 1_024, `${inPlain} statements looked for it`);
  // A run that was resumed has other texts.
  shown.store.connection.exec("UPDATE pipeline_runs SET resumed = coalesce(resumed, 0) + 1");
  assertEquals(wanted(await find(reader, "nowhere")), [ids[9]]);
});

Deno.test("a search finds tasks whose rows come later than those behind them", async () => {
  using shown = await show();
  addRun(shown.store, Array.from({ length: 3_000 }, () => ({ status: "done" })));
  shown.store.connection.exec("DELETE FROM task_runs WHERE id IN (1500, 2500)");
  using reader = await Reader.open(shown.db, "builtin");
  const find = (q: string) =>
    listTasks((query) => query(reader), 1, { status: [], q, key: "", sort: "id", limit: 20 });
  readAllBlocks(reader);
  // Workers end tasks in any order, and rows are written with their ends.
  addTask(shown.store, 1, 1_500, { status: "done", name: "needle" });
  addTask(shown.store, 1, 3_001, { status: "done", name: "needle 2" });
  assertEquals((await find("needle"))!.tasks.map(({ id }) => id), [1_500, 3_001]);
  readAllBlocks(reader);
  addTask(shown.store, 1, 2_500, { status: "done", name: "needle 3" });
  assertEquals((await find("needle"))!.found, 3);
});

Deno.test("a page has the same order where it is known between which values ended tasks are, and reads few rows", async () => {
  using shown = await show();
  const random = new Random(8);
  const names = [...NAMES, "x\0y", ...LONG];
  const ids = addRun(
    shown.store,
    Array.from({ length: 6_500 }, (_, i) => ({
      ...randomRow(random),
      // Tasks are open in one block alone, and one has names that are not known.
      status: i < 1_000 ? random.pick(TASK_STATUSES) : random.pick(["done", "error", "cancelled"]),
      name: i > 6_200 ? random.pick(names) : `load ${random.below(1e6)}`,
      progress: random.below(1e4) / 1e4,
      message: null,
      started_at: i % 7 ? iso(Math.floor(i / 100) * 1_000) : null,
    })),
  );
  using plain = await Reader.open(shown.db, "builtin");
  using file = await Reader.open(shown.db, "builtin");
  const { reader, looks } = countLooks(file);
  readAllBlocks(reader);
  const list = (reader: Reader, query: Query & { sort: TaskQuery["sort"]; place?: PageCursor }) =>
    listTasks((query) => query(reader), 1, { ...query, limit: 30 });
  const before = looks();
  const query = { status: ["done" as const], q: "", key: "", sort: "-started" as const };
  const { tasks } = (await list(reader, query))!;
  assert(tasks.every(({ id }) => id > ids[5_500]!));
  assert(looks() - before <= 4, `${looks() - before} statements looked at rows`);
  for (const by of ["name", "started", "progress"] as const) {
    for (const sort of [by, `-${by}`] as const) {
      for (const q of ["", "load"]) {
        const query = { status: random.pick([[], [], ["error" as const]]), q, key: "", sort };
        let cursor: PageCursor | undefined;
        for (let page = 0; page < 2; page++) {
          const about = `${JSON.stringify(query)}, page ${page}`;
          const wanted = await list(plain, { ...query, ...cursor && { place: cursor } });
          assertEquals(
            await list(reader, { ...query, ...cursor && { place: cursor } }),
            wanted,
            about,
          );
          const next = page === 0 ? wanted!.next : null;
          if (!next) break;
          cursor = fromCursor(next);
        }
      }
    }
  }
});
