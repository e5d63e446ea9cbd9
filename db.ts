/**
 * Connections to SQLite: how they are opened, configured, checkpointed and closed.
 *
 * There is one read-write connection to a database, that of the writer Worker, and any number of
 * read-only ones. The public list; the code is in `sqlite/`.
 *
 * @module
 */
import "./deno_only.js";
export {
  connect,
  type ConnectOptions,
  connectReadOnly,
  type ConnectReadOnlyOptions,
} from "./sqlite/connect.ts";
export {
  type CheckpointMode,
  type CheckpointResult,
  walCheckpoint,
  type WalCheckpointOptions,
} from "./sqlite/checkpoint.ts";
export { readResults, type ReadResultsOptions, type TaskResult } from "./sqlite/results.ts";
export { backup, type BackupOptions } from "./sqlite/backup.ts";
export { Connection } from "./sqlite/connection.ts";
export { Statement } from "./sqlite/statement.ts";
export { vacuum, type VacuumOptions, type VacuumResult } from "./sqlite/vacuum.ts";
export { classifyError } from "./sqlite/explain.ts";
export type { Synchronous } from "./sqlite/settings.ts";
export { initSchema, type InitSchemaOptions } from "./sqlite/schema.ts";
export {
  type Bindable,
  type SqlRow,
  type SqlValue,
  toSqlValue,
  type ValueLocation,
} from "./sqlite/values.ts";
export { SqliteError, type SqliteErrorCode } from "./errors.ts";
export type { DriverChoice } from "./sqlite/drivers/choose.ts";
export type { DriverName } from "./sqlite/drivers/driver.ts";
