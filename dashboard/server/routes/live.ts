/**
 * The stream of what changes on a page.
 *
 * @module
 */
import type { Hono } from "hono";
import type { Hub } from "../live/hub.ts";
import { mergeStreams } from "../live/merge.ts";
import { RunView } from "../live/run_view.ts";
import { RunsView } from "../live/runs_view.ts";
import { TaskView } from "../live/task_view.ts";
import { Weaves } from "../live/weaves.ts";
import { BadRequest, runId, taskId, taskQuery } from "../params.ts";

const EVENT_STREAM = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store, no-transform",
  // nginx would collect events for seconds, and compress what it collects.
  "X-Accel-Buffering": "no",
  // Caddy compresses whatever is not compressed yet, and holds events back until a block is full.
  "Content-Encoding": "identity",
};

/** Views of one stream: windows that a browser shows side by side. */
const MAX_VIEWS = 20;

/** Adds it. With `watch`, given several times, one stream has the events of several views. */
export function addLive(app: Hono, hub: Hub): void {
  const weaves = new Weaves();
  app.get("/api/live", async (c) => {
    const views = c.req.queries("watch");
    if (views && views.length > MAX_VIEWS) {
      throw new BadRequest(`watch must be given at most ${MAX_VIEWS} times`);
    }
    const watches = views?.map((view) =>
      watchOf(Object.fromEntries(new URLSearchParams(view)), weaves)
    ) ??
      [watchOf(c.req.query(), weaves)];
    // The stream would never be read or ended.
    if (c.req.raw.method === "HEAD") return c.body(null, 200, EVENT_STREAM);
    const lastEventId = views ? undefined : c.req.header("Last-Event-ID");
    const opening = watches.map((watch) => hub.open({ ...watch, lastEventId }));
    const stream = views ? mergeStreams(opening) : await opening[0];
    if (!stream) {
      c.header("Retry-After", "5");
      return c.json(
        {
          error: `Cannot send changes to more than ${hub.streams} pages at a time. ` +
            `Close one, or raise maxClients`,
        },
        503,
      );
    }
    // The stream is cancelled when the browser goes. Deno.serve, which app.fetch has it from, reports it, too.
    const completed: Promise<void> | undefined = (c.env as Partial<Deno.ServeHandlerInfo>)
      ?.completed;
    completed?.finally(() => stream.close()).catch(() => {});
    return c.body("body" in stream ? stream.body : stream, 200, EVENT_STREAM);
  });
}

/** What a page shows, and the key that pages of the same share. */
function watchOf(params: Record<string, string>, weaves: Weaves) {
  const view = params.view ?? "runs";
  switch (view) {
    case "runs":
      return { key: view, create: () => new RunsView() };
    case "run": {
      const run = runId(params);
      const query = taskQuery(params);
      const key = JSON.stringify([view, run, query]);
      return { key, create: () => new RunView({ run, query, weave: weaves.use(run) }) };
    }
    case "task": {
      const task = taskId(params);
      return { key: JSON.stringify([view, task]), create: () => new TaskView(task) };
    }
    default:
      throw new BadRequest("view must be runs, run or task");
  }
}
