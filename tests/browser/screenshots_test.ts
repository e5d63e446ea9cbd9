/// <reference lib="dom" />
/**
 * Pictures of the page, wide and light, narrow and dark. `PIPELOOM_SCREENSHOTS` names their folder: `deno task
 * screenshots` makes those of the README. In the long form they go into a temporary folder; other tests open the same pages.
 *
 * @module
 */
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IS_LONG } from "../support/long_form.ts";
import { PageFixture, pageTest, seeText, waitFor } from "./page_fixture.ts";

/** The folder for the pictures of the README; without it they are only tried. */
const FOLDER = Deno.env.get("PIPELOOM_SCREENSHOTS");
const isWanted = FOLDER !== undefined || IS_LONG;

const TASKS = FOLDER ? 4_000 : 300;
/** Tasks that run while the pictures are taken. */
const RUNNING = 12;
const VERBS = ["fetch page", "parse report", "resize image", "geocode address"];

pageTest("the page is photographed in the middle of a run", async () => {
  await using fixture = await PageFixture.open();
  const folder = FOLDER ?? fixture.folder.path;
  const names = Array.from({ length: TASKS }, (_, i) => `${VERBS[i * 7 % 4]} ${i + 1}`);
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let running = 0;
  const report = fixture.start("nightly import", names, async (name, task) => {
    const number = Number(name.split(" ").at(-1));
    if (number % 331 === 0) throw new Error(`HTTP 503: Service Unavailable (${name})`);
    // Work that takes now less and now more time, so that there is a rate to draw.
    const workMs = 12 + 8 * Math.sin(number / 170) + number % 7;
    await new Promise((resolve) => setTimeout(resolve, workMs));
    if (number <= TASKS * 0.6 || running >= RUNNING) return;
    const step = ++running;
    task.progress(step / (RUNNING + 1), `step ${step * 4} of 50`);
    if (running === RUNNING) begun.resolve();
    await end.promise;
  }, RUNNING);
  await begun.promise;
  for (const [name, width, dark] of [["run", 1440, false], ["run_phone", 390, true]] as const) {
    const page = await fixture.page("?run=1&sort=-started", { width, dark });
    await seeText(page, ".row-running", "step 48 of 50");
    await waitFor(page, () => {
      const canvas = document.querySelector<HTMLCanvasElement>(".uplot canvas");
      return canvas && canvas.width > 0;
    });
    const path = `${folder}/${name}.png` as const;
    const height = width > 1_000 ? 1_000 : 844;
    await page.setViewport({ width, height, deviceScaleFactor: width > 1_000 ? 1 : 2 });
    await page.screenshot({ path });
    assert((await Deno.stat(path)).size > 10_000, `${path} is almost empty`);
    await page.close();
  }
  end.resolve();
  await report;
  assertEquals(fixture.complaints, []);
}, { isWanted });

pageTest("a graph is photographed in the middle of a run", async () => {
  await using fixture = await PageFixture.open();
  const folder = FOLDER ?? fixture.folder.path;
  const needs: Record<string, string[]> = { "fetch index": [] };
  for (const source of ["orders", "customers", "products", "shipments", "returns"]) {
    needs[`fetch ${source}`] = ["fetch index"];
    needs[`parse ${source}`] = [`fetch ${source}`];
    needs[`load ${source}`] = [`parse ${source}`];
  }
  needs["join sales"] = ["load orders", "load customers", "load products"];
  needs["join logistics"] = ["load orders", "load shipments", "load returns"];
  needs["report sales"] = ["join sales"];
  needs["report all"] = ["join sales", "join logistics"];
  needs["publish"] = ["report sales", "report all"];
  const end = Promise.withResolvers<void>();
  const report = runPipeline(Object.keys(needs), {
    db: fixture.db,
    name: "nightly",
    workers: 4,
    handleSignals: false,
    taskName: (name) => name,
    taskKey: (name) => name,
    dependsOn: (name) => needs[name],
    async run(name, task) {
      if (name === "parse returns") throw new Error("No header in returns.csv");
      if (name !== "load products" && name !== "parse customers") return;
      task.progress(name === "load products" ? 0.6 : 0.3);
      await end.promise;
    },
  });
  const page = await fixture.page("?run=1&panel=graph");
  await seeText(page, ".graph-task.is-running", "load products");
  await seeText(page, ".graph-task.is-running", "parse customers");
  await seeText(page, ".graph-task.is-cancelled", "join logistics");
  const panel = await page.$('[aria-label="Charts"]');
  const path = `${folder}/graph.png` as const;
  await panel!.screenshot({ path });
  assert((await Deno.stat(path)).size > 10_000, `${path} is almost empty`);
  end.resolve();
  await report;
  assertEquals(fixture.complaints, []);
}, { isWanted });
