/**
 * The guide from laptop to production, line by line: its files are written, and its commands run as they stand.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { Guide } from "../support/guide.ts";
import { Project } from "../support/project.ts";
import { Registry } from "../support/registry.ts";

const guide = await Guide.read("production.md");
const block = (name: string) => guide.block(name);

/** Puts a folder where the guide has it, in a namespace of its own, and runs a line there. */
const IN_SRV = ["unshare", "--map-root-user", "--mount"];
const canMount = Deno.build.os === "linux" && await new Deno.Command("unshare", {
  args: ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/srv"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

function asSrv(folder: string, line: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return "mount -t tmpfs none /srv && mkdir /srv/etl && " +
    `mount --bind ${quoted(folder)} /srv/etl && cd / && exec /bin/sh -c ${quoted(line)}`;
}

Deno.test({
  name:
    "the guide to production works line by line, with the registry closed after its first command",
  ignore: !canMount,
  fn: async () => {
    await using registry = await Registry.start();
    using project = new Project(registry.url);
    for (const [name, text] of guide.files) project.write(name, text);
    await project.shell(block("sh fetch"));
    await registry[Symbol.asyncDispose]();
    assertMatch((await project.shell(block("sh run"))).out, /^nightly · done · 2 tasks/);

    const { folder: { path } } = project;
    const cron = /^(?:\S+ ){5}(.+)$/m.exec(block("text crontab"))![1]!;
    const out = await project.shell(asSrv(path, cron), IN_SRV);
    assertMatch(out.out, /^nightly · done · 2 tasks/);
    assertStringIncludes(Deno.readTextFileSync(`${path}/etl.log`), "nightly");

    const unit = block("text nightly.service");
    const value = (key: string) => new RegExp(`^${key}=(.+)$`, "m").exec(unit)![1]!;
    // systemd runs no shell of its own, and has %% for %.
    const start = value("ExecStart").replaceAll("%%", "%");
    const line = `cd ${value("WorkingDirectory")} && exec ${start}`;
    const day = new Date().getUTCDate();
    const first = await project.shell(asSrv(path, line), IN_SRV);
    assertMatch(first.out, /^nightly · done · 2 tasks/);
    // Started again on the same day, it continues the run of the day, which is done.
    const again = await project.shell(asSrv(path, line), IN_SRV);
    if (day === new Date().getUTCDate()) {
      assertEquals(/run \d+/.exec(again.out)![0], /run \d+/.exec(first.out)![0]);
    }

    assertStringIncludes(
      (await project.shell(block("sh doctor"))).out,
      "integrity_check finds nothing",
    );
    const { err } = await project.shell(block("sh compile"));
    assertMatch(err, /── tasks\.ts /);
  },
});

Deno.test({
  name: "systemd accepts the units of the guide to production",
  ignore: !await isInstalled("systemd-analyze"),
  fn: async () => {
    using project = new Project("http://127.0.0.1:9/");
    for (const name of ["nightly.service", "nightly.timer"]) {
      project.write(name, block(`text ${name}`));
    }
    const units = ["nightly.service", "nightly.timer"].map((name) => project.folder.file(name));
    const { err } = await project.start("systemd-analyze", "verify", "--man=no", ...units);
    assertEquals(err.split("\n").filter((line) => line.includes(project.folder.path)), []);
  },
});
