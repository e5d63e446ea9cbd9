/**
 * Tasks of a run that is resumed which still sleep, so that they take no slot before they are due.
 *
 * @module
 */
import type { BatchSender } from "../../writer/client/batch_sender.ts";

/** The last step of a task counts: its row may be of before a clock or a process was stopped. */
const ASLEEP = `SELECT t.id, s.finished_at AS until
  FROM main.task_runs AS t JOIN main.task_steps AS s ON s.task_id=t.id
  WHERE t.wakes_at IS NOT NULL AND t.run_id=? AND t.own_status<>'done' AND s.kind='sleep'
    AND s.finished_at>strftime('%Y-%m-%dT%H:%M:%fZ','now')
    AND s.number=(SELECT max(number) FROM main.task_steps WHERE task_id=t.id)`;

/** Until when tasks of a run sleep, in milliseconds since 1970, by their ids. */
export async function readSleeps(
  batchSender: BatchSender,
  run: number,
): Promise<Map<number, number>> {
  const rows = await batchSender.query({ kind: "rows", sql: ASLEEP, params: [run] });
  return new Map(rows.map(({ id, until }) => [Number(id), Date.parse(String(until))]));
}
