/**
 * Credentials of each kind are sent, in code and by the command line; wrong ones are refused without revealing them.
 *
 * @module
 */
import { runPipeline } from "../../mod.ts";
import { runCli } from "../cli/cli_terminal.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { credentials } from "../support/nats_jwt.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { readValues } from "../support/read.ts";
import { remotely, startWorker } from "../support/remote.ts";
import { tempFolder } from "../support/temp.ts";

const LOOSE = { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false };

const PLAIN = `port: 4222\njetstream: { store_dir: "jetstream" }\n`;

/** Runs a task with these credentials, and with others that are refused. */
async function tryCredentials(
  server: NatsServer,
  { right, wrong, secrets }: { right: object; wrong: object; secrets: string[] },
): Promise<void> {
  await using _ = startWorker(server.url, { ...right, workers: 1 });
  const run = (options: object) =>
    runPipeline([1], { ...remotely(server.url, "idle", options), db: ":memory:" });
  assertEquals((await run(right)).counts.done, 1);
  for (const refused of [wrong, {}]) {
    const error = await assertRejects(() => run(refused), Error, "refused the credentials");
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      for (const secret of secrets) {
        assert(!`${cause.message}${cause.stack}`.includes(secret), "an error reveals a secret");
      }
    }
  }
}

Deno.test("a file of credentials is sent, and a stranger's is refused", LOOSE, async () => {
  const { configuration, user, stranger } = credentials();
  await using server = await NatsServer.start({
    configuration,
    async prepare(folder) {
      await Deno.writeTextFile(`${folder}/user.creds`, user);
      await Deno.writeTextFile(`${folder}/stranger.creds`, stranger);
    },
  });
  const seedOf = (file: string) => /SU[A-Z2-7]{56}/.exec(file)![0];
  await tryCredentials(server, {
    right: { credentials: `${server.folder}/user.creds` },
    wrong: { credentials: `${server.folder}/stranger.creds` },
    secrets: [seedOf(user), seedOf(stranger)],
  });
});

Deno.test("a token is sent, and another one is refused", LOOSE, async () => {
  await using server = await NatsServer.start({
    configuration: `${PLAIN}authorization: { token: "the right token" }\n`,
  });
  await tryCredentials(server, {
    right: { token: "the right token" },
    wrong: { token: "another token" },
    secrets: ["the right token", "another token"],
  });
});

Deno.test(
  "pipeloom run --nats runs a definition on workers, as a user with a password",
  LOOSE,
  async () => {
    await using server = await NatsServer.start({
      configuration: `${PLAIN}authorization: { users: [{ user: "etl", password: "right" }] }\n`,
    });
    using folder = tempFolder();
    const [right, wrong] = [folder.file("right"), folder.file("wrong")];
    await Deno.writeTextFile(right, "right\n");
    await Deno.writeTextFile(wrong, "wrong\n");
    await using _ = startWorker(server.url, { user: "etl", password: "right" });
    const db = folder.file("etl.db");
    const file = new URL("tests/fixtures/remote_pipeline.ts", ROOT).href;
    const run = (...args: string[]) =>
      runCli(["run", file, "--db", db, ...args], { folder: folder.path });
    const over = ["--nats", server.url, "--user", "etl", "--password-file"];
    const refused = await run(...over, wrong);
    assertEquals(refused.code, 1);
    assertMatch(refused.err, /refused the credentials/);
    const alone = await run("--password-file", right);
    assertMatch(alone.err, /Cannot use --password-file alone: name the servers: --nats/);
    const done = await run(...over, right);
    assertEquals([done.code, done.err.includes("Cannot")], [0, false], done.err);
    const runs = "SELECT name, executor FROM pipeline_runs WHERE status='done'";
    assertEquals(await readValues(db, runs), [["remote_pipeline", "nats"]]);
    assertEquals(await readValues(db, "SELECT n FROM numbers ORDER BY n"), [[1], [2], [3]]);
  },
);
