/**
 * Mutual TLS, NKeys and the least permissions, with the configuration that `examples/machines/` gives.
 *
 * @module
 */
import { connect, nkeyAuthenticator, nkeys, type TlsOptions } from "@nats-io/transport-node";
import { runPipeline, startPipeline } from "../../mod.ts";
import { serveWorker } from "../../nats.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { makeCertificates } from "../support/certificates.ts";
import { isInstalled, ROOT } from "../support/child.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { REMOTE_TASKS, remotely, startWorker } from "../support/remote.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const ignore = !hasNats || !await isInstalled("openssl");
const LOOSE = { ignore, sanitizeOps: false, sanitizeResources: false };
const decoder = new TextDecoder();

Deno.test(
  "a run and its workers need their own keys, certificates and few permissions",
  LOOSE,
  async () => {
    const [coordinator, worker, stranger] = [
      nkeys.createUser(),
      nkeys.createUser(),
      nkeys.createUser(),
    ];
    await using server = await NatsServer.start({
      scheme: "tls",
      configuration: await Deno.readTextFile(new URL("examples/machines/nats-server.conf", ROOT)),
      env: { COORDINATOR_NKEY: coordinator.getPublicKey(), WORKER_NKEY: worker.getPublicKey() },
      async prepare(folder) {
        await makeCertificates(folder, "server", "client");
        await Deno.mkdir(`${folder}/other`);
        await makeCertificates(`${folder}/other`);
        for (const [name, key] of Object.entries({ coordinator, worker, stranger })) {
          await Deno.writeTextFile(`${folder}/${name}.nk`, decoder.decode(key.getSeed()));
        }
      },
    });
    const { folder, url } = server;
    const tls = {
      ca: `${folder}/ca.pem`,
      cert: `${folder}/client.pem`,
      key: `${folder}/client.key`,
    };
    const nkey = `${folder}/coordinator.nk`;
    const run = (options: object) =>
      runPipeline([1, 2, 3], {
        ...remotely(url, "load", { nkey, tls, ...options }),
        db: ":memory:",
      });

    await using one = startWorker(url, { nkey: `${folder}/worker.nk`, tls });
    const { counts, failures } = await run({});
    assertEquals([counts.done, failures], [3, []]);
    assert(!/violation/i.test(one.lines.join()), one.lines.join("\n"));

    const wrongKey = await assertRejects(
      () => run({ nkey: `${folder}/stranger.nk` }),
      Error,
      "refused the credentials",
    );
    const seed = decoder.decode(stranger.getSeed());
    for (let error: Error | undefined = wrongKey; error; error = error.cause as Error | undefined) {
      assert(!`${error.message}${error.stack}`.includes(seed), "an error reveals the seed");
    }
    const others = { ...tls, ca: `${folder}/other/ca.pem` };
    await assertRejects(() => run({ tls: others }), Error, "could not be trusted");
    await assertRejects(
      () => run({ tls: { ca: tls.ca } }),
      Error,
      "asks for a certificate. Pass tls.cert and tls.key",
    );
    await assertRejects(
      () => run({ tls: { ...tls, ca: `${folder}/none.pem` } }),
      Error,
      "none.pem of tls.ca",
    );
    await assertRejects(
      () =>
        serveWorker({
          servers: url,
          tls,
          nkey: `${folder}/stranger.nk`,
          modules: [REMOTE_TASKS],
          log() {},
        }),
      Error,
      "Cannot serve as a worker: tls://127.0.0.1",
    );

    // What a worker could do that had fallen into other hands: not offer tasks, nor read what others write.
    const raw = await connect({
      servers: url,
      authenticator: nkeyAuthenticator(worker.getSeed()),
      tls: {
        caFile: tls.ca,
        certFile: tls.cert,
        keyFile: tls.key,
        host: "127.0.0.1",
      } as TlsOptions,
    });
    const errors: string[] = [];
    for (const subject of ["pipeloom.up.>", "pipeloom.job.*", ">"]) {
      const { promise, resolve } = Promise.withResolvers<string>();
      raw.subscribe(subject, { callback: (error) => resolve(`${error?.message}`) });
      errors.push(await promise);
    }
    void (async () => {
      for await (const status of raw.status()) {
        if (status.type === "error") errors.push(status.error.message);
      }
    })();
    raw.publish("pipeloom.hello", "forged");
    raw.publish("$JS.API.STREAM.DELETE.pipeloom", "");
    await until(() => errors.length === 5);
    assertMatch(errors.join("\n"), /(.*Permissions Violation.*\n?){5}/i);
    await raw.close();
  },
);

Deno.test(
  "one permission that is missing ends a run or a worker, and is named",
  LOOSE,
  async () => {
    const coordinator = {
      publish: ["pipeloom.hello", "pipeloom.down.>", "pipeloom.job.*", "$JS.API.>"],
      subscribe: ["pipeloom.up.>", "pipeloom.worker", "_INBOX.>"],
    };
    const worker = {
      publish: [
        "pipeloom.worker",
        "pipeloom.up.>",
        "$JS.API.CONSUMER.MSG.NEXT.pipeloom.>",
        "$JS.ACK.pipeloom.>",
      ],
      subscribe: ["pipeloom.hello", "pipeloom.down.>"],
    };
    const users: { user: string; password: string; permissions: typeof worker }[] = [];
    const addUser = ({ publish, subscribe }: typeof worker, without = "") => {
      const password = `${users.length}`;
      const allowed = (subjects: string[]) => subjects.filter((subject) => subject !== without);
      const permissions = { publish: allowed(publish), subscribe: allowed(subscribe) };
      return users[users.push({ user: `user${password}`, password, permissions }) - 1]!;
    };
    const [all, able] = [addUser(coordinator), addUser(worker)];
    const runs = ["pipeloom.hello", "pipeloom.job.*", "pipeloom.worker", "pipeloom.up.>"]
      .map((without) => ({ without, ...addUser(coordinator, without) }));
    const workers = [...worker.publish, ...worker.subscribe]
      .map((without) => ({ without, ...addUser(worker, without) }));
    const authorization = JSON.stringify({ users });
    await using server = await NatsServer.start({
      configuration:
        `port: 4222\njetstream: { store_dir: "jetstream" }\nauthorization: ${authorization}\n`,
    });
    const named = ({ message }: Error, without: string) => {
      const start = without.replace(/[>*]$/, "");
      assert(
        message.includes(`${start}`) && message.endsWith(without.replace(/\*$/, ">")),
        message,
      );
    };
    const { user, password } = able;
    const ableWorker = startWorker(server.url, { user, password, workers: 1 });
    for (const { user, password, without } of runs) {
      const run = startPipeline([1], {
        ...remotely(server.url, "idle", { user, password }),
        db: ":memory:",
      });
      named(await assertRejects(() => run.finished, Error, "does not let this user"), without);
    }
    await ableWorker.stop();
    const run = startPipeline([1], {
      ...remotely(server.url, "load", { user: all.user, password: all.password }),
      db: ":memory:",
    });
    await Promise.all(workers.map(async ({ user, password, without }) => {
      const options = { servers: server.url, user, password, modules: [REMOTE_TASKS], log() {} };
      const served = () => serveWorker({ ...options, handleSignals: false, workers: 1 });
      named(await assertRejects(served, Error, "Cannot serve as a worker: nats://"), without);
    }));
    void run.cancel();
    await run.finished;
  },
);

Deno.test("a run that is cancelled while no server answers has not failed", LOOSE, async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  // It takes a connection, and sends nothing.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const run = startPipeline([1, 2], {
    ...remotely(`nats://127.0.0.1:${listener.addr.port}`, "idle"),
    db,
  });
  using _ = await listener.accept();
  await run.cancel();
  const { status, counts } = await run.finished;
  assertEquals([status, counts.cancelled], ["cancelled", 2]);
});

Deno.test("a server without encryption is refused where tls:// is asked for", LOOSE, async () => {
  await using server = await NatsServer.start();
  const tls = server.url.replace("nats://", "tls://");
  const run = () => runPipeline([1], { ...remotely(tls, "idle"), db: ":memory:" });
  await assertRejects(run, Error, "Cannot run the pipeline: tls://127.0.0.1");
  const secret = server.url.replace("nats://", "nats://user:secret@").replace(/:\d+$/, ":1");
  const controller = new AbortController();
  const lines: string[] = [];
  const served = serveWorker({
    servers: secret,
    modules: [REMOTE_TASKS],
    signal: controller.signal,
    handleSignals: false,
    log: (line) => {
      lines.push(line);
      controller.abort();
    },
  });
  await served;
  assertMatch(lines.join("\n"), /cannot be reached .*trying again/);
  assert(!lines.join("\n").includes("secret"), "a line reveals the password");
});
