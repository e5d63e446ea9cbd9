/**
 * Schedules: what is refused, and that they begin and end. That they keep time is in `faults_schedule_test.ts`.
 *
 * @module
 */
import { definePipeline, type PipelineDefinition, schedulePipeline } from "../../../mod.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "../../support/assert.ts";
import { isInstalled, runChild, runScript } from "../../support/child.ts";
import { slowClock } from "../../support/slow_clock.ts";
import { hasTerminals, openTerminal, runCli } from "../../cli/cli_terminal.ts";
import { tempFolder } from "../../support/temp.ts";

const SCHEDULED = decodeURIComponent(
  new URL("../../fixtures/scheduled.ts", import.meta.url).pathname,
);
const ETL = decodeURIComponent(new URL("../../fixtures/etl.ts", import.meta.url).pathname);

/** A definition that is never run. */
function defined(rest: Partial<PipelineDefinition<number>> = {}) {
  return definePipeline({ schedule: "0 2 * * *", items: [1], run: () => {}, ...rest });
}

Deno.test("schedulePipeline() refuses what cannot be scheduled before it begins", async () => {
  function* once() {
    yield 1;
  }
  for (
    const [definition, message] of [
      [
        defined({ schedule: undefined, name: "etl" }),
        'Cannot schedule "etl": it has no schedule',
      ],
      [
        defined({ schedule: "0 25 * * *" }),
        'Cannot schedule at "0 25 * * *": Invalid value for hour',
      ],
      [
        defined({ items: once() }),
        'Cannot schedule "pipeline" with items that can be read only once',
      ],
      [
        defined({ storeTaskStatus: false }),
        'Cannot run the pipeline: overlap "refuse" needs storeTaskStatus',
      ],
      [defined({ overlap: "never" as "queue" }), 'for overlap, got "never"'],
    ] as const
  ) await assertRejects(() => schedulePipeline(definition), TypeError, message);
});

Deno.test("definePipeline() takes a schedule as text, or with a time zone", () => {
  defined({ schedule: { cron: "0 2 * * *", timeZone: "Europe/Oslo" } });
  for (
    const schedule of [{ hour: 2 }, { cron: 2 }, { cron: "0 2 * * *", timezone: "Europe/Oslo" }]
  ) {
    assertThrows(
      () => defined({ schedule: schedule as unknown as string }),
      TypeError,
      `for schedule, got ${Deno.inspect(schedule)}`,
    );
  }
});

Deno.test("schedulePipeline() announces the next time, and ends with its signal or that of the process", async () => {
  const script = (stop: string) => `
    import { definePipeline, schedulePipeline } from "./mod.ts";
    const stop = new AbortController();
    const times = [];
    const pipeline = definePipeline({ schedule: "0 2 * * *", items: [1], run() {} });
    const onScheduled = (next) => {
      times.push(next.toISOString());
      ${stop};
    };
    await schedulePipeline(pipeline, { signal: stop.signal, onScheduled });
    await schedulePipeline(pipeline, { signal: AbortSignal.abort(), onScheduled });
    console.log(JSON.stringify(times));`;
  for (const stop of ["stop.abort()", "Deno.kill(Deno.pid, 'SIGINT')"]) {
    const times = await runChild(script(stop), { flags: ["--allow-run"] }) as string[];
    assertEquals(times.length, 1);
    assertMatch(times[0]!, /T02:00:00\.000Z$/);
  }
});

Deno.test({
  name: "a listener that throws or rejects is reported, and never ends a schedule",
  ignore: !await isInstalled("faketime"),
  async fn() {
    const behind = (new Date().getSeconds() + 60 - 57) % 60;
    const { out, err } = await runScript(
      `
      import { definePipeline, schedulePipeline } from "./mod.ts";
      const calls = [];
      const pipeline = definePipeline({
        schedule: "* * * * *",
        db: ":memory:",
        items: [1],
        run() {},
        // Awaited before the report is passed on.
        onEnd: async ({ counts }) => {
          await Promise.resolve();
          calls.push("over: " + counts.done);
        },
      });
      const stop = new AbortController();
      await schedulePipeline(pipeline, {
        signal: stop.signal,
        onScheduled() {
          if (calls.length > 2) stop.abort();
          throw new Error("Cannot announce");
        },
        onReport: async ({ status }) => {
          await Promise.resolve();
          calls.push(status);
          throw new Error("Cannot report");
        },
        onError: async ({ message }) => {
          calls.push(message);
          await Promise.reject(new Error("Cannot even log it"));
        },
      });
      console.log(calls.join("; "));`,
      { env: await slowClock(behind), flags: ["--allow-read"] },
    );
    assertEquals(out, "Cannot announce; over: 1; done; Cannot report; Cannot announce\n", err);
    assertEquals(err.match(/Cannot even log it/g)?.length, 3, err);
  },
});

Deno.test({
  name: "pipeloom schedule keeps to the time zone, by a clock in the night of 23 hours",
  ignore: !hasTerminals || !await isInstalled("faketime"),
  async fn() {
    using folder = tempFolder();
    const behind = Math.floor((Date.now() - Date.parse("2027-03-28T00:59:55Z")) / 1_000);
    await using terminal = openTerminal(
      ["schedule", SCHEDULED, "--cron", "30 2 * * *", "--time-zone", "Europe/Oslo"],
      {
        folder: folder.path,
        columns: 250,
        env: await slowClock(behind),
        permissions: ["--allow-read", "--allow-write"],
      },
    );
    await terminal.until(
      /next run at 2027-03-28 03:00 Europe\/Oslo \(2027-03-28 01:00 UTC\), in \ds?/,
    );
    await terminal.until(/scheduled · done · 1 task/);
    await terminal.until(/next run at 2027-03-29 02:30 Europe\/Oslo \(2027-03-29 00:30 UTC\)/);
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 0);
  },
});

Deno.test({
  name: "pipeloom schedule prints when the next run is, and Ctrl-C ends it at once",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    await using terminal = openTerminal(["schedule", SCHEDULED, "--dashboard=0"], {
      folder: folder.path,
      permissions: ["--allow-read", "--allow-write", "--allow-net=127.0.0.1"],
    });
    const screen = await terminal.until(
      /scheduled: next run at \d{4}-\d\d-\d\d 02:00 UTC, in [^]+; then [^]+ UTC, [^]+ 02:00 UTC; Ctrl-C\s+ends it/,
    );
    const url = /Dashboard at (http:\S+)/.exec(screen)![1]!;
    assertEquals((await (await fetch(url)).text()).includes("<html"), true);
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 0);
  },
});

Deno.test("pipeloom schedule that cannot is one message", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  for (
    const [args, expected] of [
      [
        ["schedule", SCHEDULED, "--cron", "0 2 * *"],
        /Cannot schedule at "0 2 \* \*": it does not have the five fields/,
      ],
      [
        ["schedule", SCHEDULED, "--time-zone", "Mars/Phobos"],
        /Cannot schedule at "0 2 \* \* \*" in the time zone "Mars\/Phobos": there is none/,
      ],
      [
        ["schedule", ETL],
        /Cannot schedule "etl": it has no schedule; give its definition one/,
      ],
    ] as const
  ) {
    const { code, out, err } = await runCli(args, options);
    assertEquals([code, out], [1, ""]);
    assertMatch(err, /^error: .+\n$/);
    assertMatch(err.trim(), expected);
  }
});
