/**
 * The example of a container, as its files define it: its image is made by the line of the `Dockerfile`, and its
 * commands run with the words of the `Dockerfile` and of the compose file, where there is no engine that could do it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { canContain, Container } from "../support/container.ts";
import { Project } from "../support/project.ts";
import { Registry } from "../support/registry.ts";

const read = (name: string) => Deno.readTextFile(new URL(`examples/container/${name}`, ROOT));
const [docker, compose] = await Promise.all([read("Dockerfile"), read("compose.yaml")]);

/** The words of an instruction of the `Dockerfile` that are JSON. */
function instruction(name: string): string[] {
  const [, words] = new RegExp(`^${name} (\\[.+\\])$`, "m").exec(docker) ?? [];
  assert(words, name);
  return JSON.parse(words);
}

/** The words of a key of a service. */
function wordsOf(service: string, key: string): string[] {
  const [, block] = new RegExp(`^  ${service}:\\n((?:    .*\\n|\\n)+)`, "m").exec(compose) ?? [];
  const [, words] = new RegExp(`^ +${key}:\\s*(\\[[^\\]]*\\])`, "m").exec(block ?? "") ?? [];
  assert(words, `${service} ${key}`);
  return JSON.parse(words.replace(/,\s*\]$/, "]"));
}

/** What the image has in its environment. */
const IMAGE_ENV = Object.fromEntries(
  /^ENV (.+)$/m.exec(docker)![1]!.split(" ").map((pair) => pair.split("=")),
) as Record<string, string>;

/** A module beside the pipeline of the example: a task that runs until it is asked to end. */
const WAITING = `
  import { definePipeline } from "@pipeloom/pipeloom";
  export default definePipeline({
    db: "/data/etl.db",
    items: ["long", "next"],
    workers: 1,
    run(_, task) {
      const { signal } = task;
      task.log("it waits");
      return new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
    },
  });`;

/** Makes the image as the Dockerfile does. */
async function build(project: Project): Promise<void> {
  const app = project.folder.file("image/app");
  Deno.mkdirSync(app, { recursive: true });
  for (const { name } of Deno.readDirSync(new URL("examples/container", ROOT))) {
    Deno.copyFileSync(new URL(`examples/container/${name}`, ROOT), `${app}/${name}`);
  }
  Deno.writeTextFileSync(`${app}/waiting.ts`, WAITING);
  Deno.mkdirSync(project.folder.file("image/deno-dir"));
  Deno.symlinkSync(`${project.env.DENO_DIR}/npm`, project.folder.file("image/deno-dir/npm"));
  project.env.DENO_DIR = project.folder.file("image/deno-dir");
  const [, cache] = /^RUN (deno cache [^\\]+)/m.exec(docker)!;
  await project.shell(`cd '${app}' && ${cache} waiting.ts`);
  Deno.removeSync(project.folder.file("image/deno-dir/npm"));
  Deno.mkdirSync(project.folder.file("image/run/secrets"), { recursive: true });
  Deno.writeTextFileSync(project.folder.file("image/run/secrets/token"), "a token of 20 chars.");
  Deno.mkdirSync(project.folder.file("data/inbox"), { recursive: true });
}

Deno.test({
  name: "the container of the example runs, is served, watched and stopped as its files define it",
  ignore: !await canContain(),
  async fn() {
    await using registry = await Registry.start();
    const { url } = registry;
    using project = new Project(url);
    await build(project);
    await registry[Symbol.asyncDispose]();
    const start = (...words: string[]) =>
      new Container(project.folder.path, words, { ...IMAGE_ENV, JSR_URL: url });
    const entry = instruction("ENTRYPOINT");

    // A pipeline, its schedule and its dashboard, each the first process of a container, beside each other.
    await using run = start(...entry, "run", "/app/waiting.ts");
    await using schedule = start(...entry, ...instruction("CMD"));
    await using dashboard = start(
      ...wordsOf("dashboard", "entrypoint"),
      ...wordsOf("dashboard", "command"),
    );
    await Promise.all([
      run.printed("it waits"),
      schedule.printed("next run at"),
      dashboard.printed("Dashboard at"),
    ]);
    assertEquals(await run.exec("sh", "-c", "id -u; id -g; cat /proc/1/comm"), {
      code: 0,
      out: "1000\n1000\ndeno\n",
    });
    const status = await run.status();
    assertMatch(status, /^CapEff:\s0+$/m);
    for (const path of ["/app/x", "/deno-dir/x", "/x"]) {
      assertStringIncludes((await run.exec("touch", path)).out, "Read-only file system");
    }
    const [, ...health] = wordsOf("dashboard", "test");
    const healthy = await dashboard.exec("env", "DENO_DIR=/deno-dir", ...health);
    assertEquals(healthy.code, 0, healthy.out);

    await Promise.all([run, schedule, dashboard].map((container) => container.stop()));
    assertEquals(await run.ended(), 143, run.text);
    assertMatch(run.text, /^waiting · cancelled · 2 tasks/m);
    assertEquals(await schedule.ended(), 0, schedule.text);
    assertEquals(await dashboard.ended(), 0, dashboard.text);
  },
});

Deno.test("the container's files agree with the guide", () => {
  assertMatch(docker, /^FROM denoland\/deno:\d+\.\d+\.\d+$/m);
  assertMatch(docker, /^USER deno$/m);
  assertMatch(docker, /^VOLUME \/data$/m);
  assertMatch(docker, /^STOPSIGNAL SIGTERM$/m);
  assertEquals(instruction("ENTRYPOINT").slice(0, 3), ["deno", "run", "--cached-only"]);
  for (const key of ["read_only: true", "cap_drop: [ALL]"]) {
    assertEquals(compose.split(`    ${key}\n`).length - 1, 2, key);
  }
  assertStringIncludes(compose, "stop_grace_period:");
  assert(!/privileged: true|user: root/.test(compose));
});
