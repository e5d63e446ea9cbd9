/**
 * Schedules: what is refused, and that they begin and end. That they keep time is in `faults_schedule_test.ts`.
 *
 * @module
 */
import { definePipeline, type PipelineDefinition, schedulePipeline } from "../../../mod.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "../../support/assert.ts";
import { runChild } from "../../support/child.ts";
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
        'Cannot schedule "etl": it does not say when',
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
        "Cannot refuse overlapping runs without storeTaskStatus",
      ],
      [defined({ overlap: "never" as "queue" }), 'for overlap, got "never"'],
    ] as const
  ) await assertRejects(() => schedulePipeline(definition), TypeError, message);
});

Deno.test("definePipeline() takes a schedule as text only", () => {
  assertThrows(
    () => defined({ schedule: { hour: 2 } as unknown as string }),
    TypeError,
    "Cannot define a pipeline with the schedule { hour: 2 }",
  );
});

Deno.test("schedulePipeline() without Deno.cron names the flag, and a line for a crontab", async () => {
  const error = await assertRejects(() => schedulePipeline(defined({ overlap: "queue" })), Error);
  assertEquals(
    error.message,
    'Cannot schedule at "0 2 * * *": this process has no Deno.cron; run Deno with --unstable-cron, or ' +
      "put a line into a crontab, whose times are local ones: " +
      "0 2 * * * cd FOLDER && pipeloom run FILE --overlap queue",
  );
});

Deno.test("schedulePipeline() tells the next time, and ends with its signal or that of the process", async () => {
  const script = (stop: string) => `
    import { definePipeline, schedulePipeline } from "./mod.ts";
    const stop = new AbortController();
    const times = [];
    const pipeline = definePipeline({ schedule: "0 2 * * *", items: [1], run() {} });
    const onNext = (next) => {
      times.push(next.toISOString());
      ${stop};
    };
    await schedulePipeline(pipeline, { signal: stop.signal, onNext });
    await schedulePipeline(pipeline, { signal: AbortSignal.abort(), onNext });
    console.log(JSON.stringify(times));`;
  for (const stop of ["stop.abort()", "Deno.kill(Deno.pid, 'SIGINT')"]) {
    const flags = ["--unstable-cron", "--allow-run"];
    const times = await runChild(script(stop), { flags }) as string[];
    assertEquals(times.length, 1);
    assertMatch(times[0]!, /T02:00:00\.000Z$/);
  }
});

Deno.test("schedulePipeline() ends with what a listener throws, and lets the process end", async () => {
  const message = await runChild(
    `
    import { definePipeline, schedulePipeline } from "./mod.ts";
    const pipeline = definePipeline({ schedule: "0 2 * * *", items: [1], run() {} });
    const onNext = () => { throw new Error("Cannot tell") };
    await schedulePipeline(pipeline, { onNext }).catch((error) => {
      console.log(JSON.stringify(error.message));
    });`,
    { flags: ["--unstable-cron"] },
  );
  assertEquals(message, "Cannot tell");
});

Deno.test({
  name: "pipeloom schedule says when the next run is, and Ctrl-C ends it at once",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    await using terminal = openTerminal(["schedule", SCHEDULED, "--dashboard=0"], {
      folder: folder.path,
      permissions: ["--unstable-cron", "--allow-read", "--allow-write", "--allow-net=127.0.0.1"],
    });
    const screen = await terminal.until(
      /scheduled: next run at \d{4}-\d\d-\d\d 02:00 UTC, in .+; Ctrl-C ends it/,
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
  const cron = { ...options, permissions: ["--unstable-cron", "--allow-read"] };
  for (
    const [args, says, settings] of [
      [
        ["schedule", SCHEDULED],
        /run Deno with --unstable-cron.*0 2 \* \* \* cd FOLDER && pipeloom run .*scheduled\.ts --overlap refuse$/,
        options,
      ],
      [
        ["schedule", SCHEDULED, "--cron", "0 2 * *"],
        /Cannot schedule at "0 2 \* \*": it does not have the five fields/,
        cron,
      ],
      [
        ["schedule", ETL],
        /Cannot schedule "etl": it does not say when; give its definition a schedule/,
        cron,
      ],
    ] as const
  ) {
    const { code, out, err } = await runCli(args, settings);
    assertEquals([code, out], [1, ""]);
    assertMatch(err, /^error: .+\n$/);
    assertMatch(err.trim(), says);
  }
});
