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

/**
 * A name in another case is the same table; keys stay as they were written, which older versions look for. The names
 * that a task has used are found by steps through the index, one for each of them, however many its keys are.
 */
const CLAIM = `INSERT INTO idempotency_keys (task_id,run_id,table_name,key,part,written_at)
  SELECT ?1,?2,?3,?4,?5,?6 WHERE NOT EXISTS (
    WITH RECURSIVE used(name) AS (
      SELECT min(table_name) FROM idempotency_keys WHERE task_id=?1
      UNION ALL
      SELECT (SELECT min(table_name) FROM idempotency_keys WHERE task_id=?1 AND table_name>name)
      FROM used WHERE name IS NOT NULL
    )
    SELECT 1 FROM used CROSS JOIN idempotency_keys AS k
    WHERE used.name=?3 COLLATE NOCASE
      AND k.task_id=?1 AND k.table_name=used.name AND k.key=?4 AND k.part=?5)`;

/** Claims keys. */
export class KeyStore {
  readonly #connection: Connection;
  #claim: Statement | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes a key for a table; `false` when it was taken before, so that nothing may be written under it. */
  claim({ key, part, task, run }: IdempotencyKey, table: string): boolean {
    this.#claim ??= this.#connection.prepare(CLAIM);
    return this.#claim.runValues([task ?? NO_TASK, run, table, key, part, isoNow()]) > 0;
  }
}
