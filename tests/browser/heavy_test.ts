/// <reference lib="dom" />
/** Heavy texts come to the page when they are wanted; a search finds every script, live and in an export. */
import { connect, initSchema } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { click, PageFixture, pageTest, seeText, textsOf, waitFor } from "./page_fixture.ts";

const MILLION = 1_000_000;

pageTest("a task of many large errors is shown at once, and whole when it is wanted", async () => {
  await using fixture = await PageFixture.open();
  {
    using connection = await connect(fixture.db);
    initSchema(connection);
    connection.exec(`
      INSERT INTO pipeline_runs (name, status, started_at, error, first_task_id, last_task_id)
      VALUES ('heavy', 'error', '2026-01-02T03:04:05.000Z', 1, 1, 1);
      INSERT INTO task_runs (name, status, progress, error, started_at, finished_at, run_id)
      VALUES ('fails', 'error', 0, 'Error: ' || replace(hex(zeroblob(${
      MILLION / 2
    })), '0', 'E') || 'end',
        '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 1);
      INSERT INTO task_attempts (task_id, attempt, status, started_at, finished_at, error)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
      SELECT 1, i, 'error', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05.500Z',
        'Error: ' || replace(hex(zeroblob(${MILLION / 2})), '0', 'A') || 'end ' || i FROM n`);
  }
  const page = await fixture.page("about:blank");
  const client = await page.createCDPSession();
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.dataReceived", ({ dataLength }) => bytes += dataLength);
  await page.goto(`${fixture.server.url}?task=1`);
  await waitFor(page, () => document.querySelectorAll(".attempt").length === 40);
  assert(bytes < MILLION, `${bytes} bytes were sent`);
  const texts = await textsOf(page, ".attempt pre");
  assert(texts.every((text) => text.length < 10_100), "A whole text is on the page");
  await click(page, "li:nth-child(34) > .attempt button", "Show all");
  await waitFor(page, () => {
    const text = document.querySelector("li:nth-child(34) > .attempt pre")!.textContent!;
    return text.length > 1_000_000 && text.endsWith("end 7");
  });
  await click(page, "li:first-child > .attempt button", "Show all");
  await waitFor(
    page,
    () => document.querySelector("li:first-child > .attempt pre")!.textContent!.endsWith("Eend"),
  );

  const exported = await (await fetch(`${fixture.server.url}api/runs/1/export`)).text();
  assert(exported.length < MILLION, `An export of ${exported.length} characters`);
  const file = fixture.folder.file("run.html");
  await Deno.writeTextFile(file, exported);
  await page.goto(`file://${file}#task=1`);
  await seeText(page, ".attempt .note", "This file carries its first");
  assertEquals(fixture.complaints, []);
});

pageTest("a search folds case and composition, live and in an exported file", async () => {
  await using fixture = await PageFixture.open();
  const names = [
    "\u00c4gypten.csv",
    "A\u0308GYPTEN 2",
    "\u041f\u0440\u0438\u0432\u0435\u0442",
    "\u00c5S",
    "STRASSE",
  ];
  await fixture.start(
    "names",
    [...names, ...Array.from({ length: 60 }, (_, i) => `plain ${i}`)],
    () => {},
  );
  const file = fixture.folder.file("run.html");
  const exported = await fetch(`${fixture.server.url}api/runs/1/export`);
  await Deno.writeTextFile(file, await exported.text());
  const searches: [text: string, found: string[]][] = [
    ["\u00e4gypten", names.slice(0, 2)],
    ["\u043f\u0440\u0438\u0432\u0435\u0442", names.slice(2, 3)],
    ["a\u030as", names.slice(3, 4)],
    ["stra\u00dfe", names.slice(4, 5)],
  ];
  for (const [where, separator] of [[fixture.server.url, "?"], [`file://${file}`, "#"]]) {
    const page = await fixture.page("about:blank");
    for (const [text, found] of searches) {
      await page.goto("about:blank");
      await page.goto(`${where}${separator}run=1&q=${encodeURIComponent(text)}`);
      await seeText(page, ".tasks .panel-head", `${found.length} found`);
      assertEquals((await textsOf(page, ".cell-name a")).sort(), found.toSorted(), text);
    }
    await page.goto("about:blank");
    await page.goto(`${where}${separator}run=1&q=PLAIN`);
    await seeText(page, ".tasks .panel-head", "60 found");
    await page.close();
  }
  assertEquals(fixture.complaints, []);
});
