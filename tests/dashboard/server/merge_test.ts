import { assertEquals, assertMatch } from "../../support/assert.ts";
import { addRun, type LiveMessage, show } from "../fixture.ts";

const watch = (...views: string[]) =>
  views.map((view) => `watch=${encodeURIComponent(view)}`).join("&");

Deno.test("one stream has the events of several views, each with its place", async () => {
  using shown = await show();
  const [task] = addRun(shown.store, [{ name: "a", status: "running" }]);
  await using events = await shown.live(
    watch("view=runs", "view=run&run=1", `view=task&task=${task}`),
  );
  const seen = new Map<string, LiveMessage>();
  while (seen.size < 3) {
    const message = (await events.next())!;
    assertEquals(message.event, "snapshot");
    seen.set(message.id.split(" ")[0]!, message);
  }
  assertEquals(seen.get("0")!.data.runs.length, 1);
  assertEquals(seen.get("1")!.data.run.id, 1);
  assertEquals(seen.get("2")!.data.task.name, "a");
  shown.store.connection.exec("UPDATE task_runs SET message = 'news' WHERE id = 1");
  const patch = await events.until(({ event, id }) => event === "patch" && id.startsWith("2 "));
  assertEquals(patch.data.task.message, "news");
});

Deno.test("a shared stream ends when one of its views is refused, or too many are wanted", async () => {
  using shown = await show({ maxClients: 2 });
  addRun(shown.store, [{}]);
  await using events = await shown.live(watch("view=runs", "view=run&run=1", "view=task&task=1"));
  while (await events.next());
  // Nothing of it is left open.
  await using again = await shown.live(watch("view=runs", "view=run&run=1"));
  assertMatch((await again.next())!.id, /^[01] \d+$/);
  const many = watch(...Array.from({ length: 21 }, () => "view=runs"));
  await shown.get(`/api/live?${many}`, 400);
  await shown.get(`/api/live?${watch("view=nothing")}`, 400);
});
