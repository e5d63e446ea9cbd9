/**
 * Offers on a real server: one that loses them, and acknowledgements that come too late.
 *
 * @module
 */
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { startPipeline } from "../../mod.ts";
import { openConnection } from "../../nats/connection.ts";
import { Offers } from "../../nats/coordinator/offers.ts";
import { namesUnder } from "../../nats/names.ts";
import type { RunHello } from "../../nats/protocol.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { rowsCome } from "../support/read.ts";
import { remotely, startWorker } from "../support/remote.ts";
import { tempFolder } from "../support/temp.ts";

const LOOSE = { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false };

const names = namesUnder("pipeloom");

/** A client that asks for offers as a worker does, and takes the names of runs. */
async function openClient(url: string) {
  const nats = await connect({ servers: url, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
  return {
    nats,
    /** Resolves with the offers that were pulled, when they are `batch`. */
    async pull(consumer: string, batch: number) {
      const messages = nats.subscribe(`offers.${consumer}`, { max: batch });
      nats.publish(names.pull(consumer), JSON.stringify({ batch }), {
        reply: `offers.${consumer}`,
      });
      return await Array.fromAsync(messages);
    },
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

Deno.test(
  "acknowledgements of offers that a server has lost do not remove those that followed",
  LOOSE,
  async () => {
    await using server = await NatsServer.start();
    const connection = await openConnection({ servers: server.url }, {
      operation: "test",
      patienceMs: 0,
    });
    await using client = await openClient(server.url);
    const offers = await Offers.open({
      connection,
      names,
      run: "a",
      leaseMs: 2_000,
      storage: "memory",
      patienceMs: 10_000,
      missing() {},
      failed: (error) => {
        throw error;
      },
    });
    const publish = () => {
      for (let offer = 1; offer <= 3; offer++) offers.publish({ id: offer, offer });
    };
    publish();
    const pulled = await client.pull(offers.consumer, 3);
    const back = new Promise((resolve) => connection.onChange((isBack) => isBack && resolve(0)));
    const unanswered = connection.unlessLost(() => new Promise(() => {}));
    await server.kill();
    await assertRejects(() => unanswered, Error, "the connection was lost");
    await server.restart();
    await back;
    while (!await offers.ensure().catch(() => false));
    publish();
    await connection.nats.flush();
    for (const message of pulled) message.respond("+ACK");
    await client.nats.flush();
    const manager = await jetstreamManager(connection.nats);
    const { state } = await manager.streams.info(names.stream);
    assertEquals(state.messages, 3);

    // Renewed offers replace those in the stream.
    await offers.renew();
    publish();
    assertEquals((await manager.streams.info(names.stream)).state.messages, 3);
    assertEquals((await client.pull(offers.consumer, 3)).length, 3);
    await offers.close();
    await connection.close();
  },
);

Deno.test("offers that are lost on the way to workers are only late", LOOSE, async () => {
  await using server = await NatsServer.start();
  await using client = await openClient(server.url);
  const hellos = client.nats.subscribe(names.hello, { max: 1 });
  await client.nats.flush();
  const run = startPipeline([1, 2, 3, 4], {
    ...remotely(server.url, "idle", { leaseMs: 1_000 }),
    db: ":memory:",
  });
  const [hello] = await Array.fromAsync(hellos);
  const stolen = client.pull(names.consumer(hello!.json<RunHello>().run, 1), 2);
  await client.nats.flush();
  await using _ = startWorker(server.url);
  for (const message of await stolen) message.respond("+ACK");
  assertEquals((await run.finished).counts.done, 4);
});

Deno.test(
  "a store that is full takes offers again when workers have taken others",
  LOOSE,
  async () => {
    await using server = await NatsServer.start({
      configuration: `port: 4222\njetstream: { store_dir: "jetstream", max_mem: 300 }\n`,
    });
    const connection = await openConnection({ servers: server.url }, {
      operation: "test",
      patienceMs: 0,
    });
    await using client = await openClient(server.url);
    const failures: Error[] = [];
    const options = {
      connection,
      names,
      run: "a",
      leaseMs: 2_000,
      storage: "memory" as const,
      patienceMs: 60_000,
      missing() {},
      failed: (error: Error) => failures.push(error),
    };
    const offers = await Offers.open(options);
    const ids = Array.from({ length: 20 }, (_, n) => n + 1);
    for (const id of ids) offers.publish({ id, offer: id });
    const taken = new Set<number>();
    while (taken.size < ids.length) {
      for (const message of await client.pull(offers.consumer, 1)) {
        taken.add(parseInt(message.string()));
        message.respond("+ACK");
      }
      offers.tick(true);
    }
    assertEquals(failures, []);
    await offers.close();

    const hasty = await Offers.open({ ...options, run: "b", patienceMs: 0 });
    for (const id of ids) hasty.publish({ id, offer: id });
    await connection.nats.flush();
    assertMatch(
      failures[0]!.message,
      /pipeloom of NATS refuses them \(.*\). Give JetStream more room/,
    );
    await hasty.close();
    await connection.close();
  },
);

Deno.test(
  "a stream that is deleted in the middle of a run is made again at once",
  LOOSE,
  async () => {
    await using server = await NatsServer.start();
    await using client = await openClient(server.url);
    const manager = await jetstreamManager(client.nats);
    using folder = tempFolder();
    const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
    await using _ = startWorker(server.url, { workers: 1 });
    const leaseMs = 600_000;
    const run = startPipeline([gate, "", "", ""], {
      ...remotely(server.url, "passOrAwait", { leaseMs }),
      db,
    });
    await rowsCome(db, "SELECT 1 FROM task_logs", 1);
    await manager.streams.delete(names.stream);
    await Deno.writeTextFile(gate, "");
    const { counts } = await run.finished;
    assertEquals(counts.done, 4);
  },
);
