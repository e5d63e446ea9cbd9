/**
 * Which keys have been written: a row of `idempotency_keys` in the same transaction as the rows that it stands
 * for, so that both are there or neither is.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import type { Connection } from "../../sqlite/connection.ts";
import type { Statement } from "../../sqlite/statement.ts";
import type { IdempotencyKey } from "../protocol/write_message.ts";

/** What stands for no task, because NULLs are never the same. */
const NO_TASK = 0;

/** Claims keys. */
export class KeyStore {
  readonly #connection: Connection;
  #claim: Statement | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes a key for a table; `false` when it was taken before, so that nothing is to be written under it. */
  claim({ key, part, task, run }: IdempotencyKey, table: string): boolean {
    this.#claim ??= this.#connection.prepare(
      `INSERT INTO idempotency_keys (task_id,run_id,table_name,key,part,written_at)
       VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
    );
    return this.#claim.runValues([task ?? NO_TASK, run, table, key, part, isoNow()]) > 0;
  }
}
