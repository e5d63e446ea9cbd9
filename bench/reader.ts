/**
 * The reader of `reader_cost.ts`: a Worker with a read-only connection of its own.
 *
 * @module
 */
import { connectReadOnly } from "../db.ts";

const worker = self as unknown as {
  onmessage: (event: MessageEvent<string>) => void;
  postMessage(message: string): void;
};

worker.onmessage = async ({ data }) => {
  const connection = await connectReadOnly(data, { driver: "builtin" });
  const statements = [
    "PRAGMA data_version",
    "SELECT * FROM pipeline_runs ORDER BY id DESC LIMIT 1",
    "SELECT * FROM task_runs WHERE status='running' LIMIT 50",
    "SELECT * FROM task_runs ORDER BY id DESC LIMIT 50",
  ].map((sql) => connection.prepare(sql));
  setInterval(() => statements.forEach((statement) => statement.all()), 100);
  worker.postMessage("reading");
};
worker.postMessage("ready");
