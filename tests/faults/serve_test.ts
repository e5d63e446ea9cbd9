/**
 * A server of pipelines that ends while its runs are active: asked to, and killed. A part of `deno task test:faults`.
 *
 * @module
 */
import { spawnCli } from "../cli/cli_terminal.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { IS_LONG } from "../support/long_form.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const FIXTURE = decodeURIComponent(new URL("tests/fixtures/served.ts", ROOT).pathname);

/** Starts a server whose runs have two seconds to end, and two runs: one ends when it is asked to, one never does. */
async function start(folder: string) {
  const files = [`${FIXTURE}:waits`, `${FIXTURE}:endless`];
  const child = spawnCli(["serve", ...files, "--port", "0", "--stop-limit", "2"], {
    folder,
    permissions: [
      "--allow-read",
      `--allow-write=${folder}`,
      "--allow-net=127.0.0.1",
      `--allow-run=${Deno.execPath()}`,
    ],
  });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await output.read();
  const url = new URL(/http:\S+/.exec(value)![0]);
  const control = new URLSearchParams(url.hash.slice(1)).get("control")!;
  const headers = { Origin: url.origin, "X-Pipeloom-Control": control };
  for (const id of ["served-waits", "served-endless"]) {
    let status = 503;
    // Until its definition is loaded.
    while (status === 503) {
      const path = new URL(`/api/pipelines/${id}/run`, url);
      const response = await fetch(path, { method: "POST", headers });
      await response.body?.cancel();
      status = response.status;
    }
    assertEquals(status, 201);
  }
  const pids = await Promise.all(["served.db", "other.db"].map(async (db) => {
    const [[pid]] = await readValues(`${folder}/${db}`, "SELECT pid FROM pipeline_runs") as [
      [number],
    ];
    return pid;
  }));
  return { child, output, pids };
}

/** Whether a process is there. */
function isThere(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test({
    name: `${signal} to a server leaves no process, and no run that seems to be active`,
    ignore: !IS_LONG || Deno.build.os !== "linux",
    async fn() {
      using folder = tempFolder();
      const { child, output, pids } = await start(folder.path);
      assert(pids.every(isThere));
      child.kill(signal);
      while (!(await output.read()).done);
      await child.stderr.cancel();
      const { code } = await child.status;
      if (signal === "SIGTERM") {
        assertEquals(code, 0);
        assert(!pids.some(isThere));
      }
      await until(() => !pids.some(isThere));
      const status = "SELECT status FROM pipeline_runs";
      assertEquals(await readValues(folder.file("served.db"), status), [["cancelled"]]);
      // The next start takes it for what it is.
      const again = await start(folder.path).catch(() => undefined);
      assert(again);
      again.child.kill("SIGTERM");
      while (!(await again.output.read()).done);
      await again.child.stderr.cancel();
      await again.child.status;
      const statuses = await readValues(folder.file("other.db"), `${status} ORDER BY id`);
      assertEquals(statuses[0], ["interrupted"]);
    },
  });
}
