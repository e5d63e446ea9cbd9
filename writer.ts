/**
 * The entry of the writer Worker: opens the connection and hands the ports to the loop. No module imports
 * this file, `sqlite_writer.ts` starts it by its URL.
 *
 * @module
 */
import "./writer/worker/modules.ts";
import { chooseDriver } from "./sqlite/drivers/choose.ts";
import { toErrorData } from "./errors.ts";
import type { OpenRequest, WorkerReply, WorkerRequest } from "./writer/protocol/writer_worker.ts";
import { openWriter } from "./sqlite/opening.ts";
import { ProcessLock } from "./writer/worker/process_lock.ts";
import { recoverRuns } from "./writer/worker/recovery.ts";
import { initSchema } from "./sqlite/schema.ts";
import { runSchemaScript } from "./sqlite/schema_script.ts";
import { StatementBoard } from "./writer/protocol/statement_board.ts";
import { WriterLoop } from "./writer/worker/writer_loop.ts";

const worker = self as unknown as {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(reply: WorkerReply): void;
  close(): void;
};

// Most databases are opened with it. It is loaded while the first request arrives.
import("./sqlite/drivers/builtin.ts").catch(() => {});

/** The loop, once the database is open. */
let opening: Promise<{ loop: WriterLoop; sqliteVersion: string }> | undefined;

async function open(request: OpenRequest): Promise<{ loop: WriterLoop; sqliteVersion: string }> {
  const { driver } = await chooseDriver(request.driver);
  const board = new StatementBoard(request.board);
  // A damaged file can make it endless, as any statement.
  board.enter("(opening the file)", undefined);
  const connection = await openWriter(driver, request.file, request);
  let owner: ProcessLock | undefined;
  try {
    initSchema(connection, { storeTaskStatus: request.storeTaskStatus });
    if (request.storeTaskStatus) {
      owner = ProcessLock.of(
        request.file,
        request.processStartedAt,
        (lockFile) => worker.postMessage({ kind: "owns", lockFile }),
      );
      recoverRuns(connection, owner);
    }
    board.leave();
    for (const sql of request.schema) {
      board.enter(sql, undefined);
      runSchemaScript(connection, sql, request);
      board.leave();
    }
  } catch (error) {
    connection.close();
    throw error;
  }
  const loop = new WriterLoop(connection, request.statements, owner, {
    board,
    syncs: request.synchronous === "full",
    warnBytes: request.walWarnBytes,
    warn: (held) => worker.postMessage({ kind: "wal_held", held }),
    requested: (requests) => worker.postMessage({ kind: "requested", requests }),
  });
  loop.attach(request.port);
  return { loop, sqliteVersion: connection.sqliteVersion };
}

async function handle(request: WorkerRequest): Promise<WorkerReply | undefined> {
  switch (request.kind) {
    case "open": {
      const { sqliteVersion } = await (opening = open(request));
      return { kind: "opened", sqliteVersion };
    }
    case "attach":
      // A run attaches its port while its database is being opened.
      (await opening)?.loop.attach(request.port, request.sender);
      return;
    case "close":
      return { kind: "closed", checkpoint: (await opening)?.loop.close() };
    default:
      throw new TypeError(`Cannot handle a request of unknown kind ${Deno.inspect(request)}`);
  }
}

worker.onmessage = async ({ data }) => {
  let reply: WorkerReply | undefined;
  try {
    reply = await handle(data);
  } catch (error) {
    reply = { kind: "failed", error: toErrorData(error) };
  }
  if (reply) worker.postMessage(reply);
  if (data.kind === "close") worker.close();
};
worker.postMessage({ kind: "ready" });
