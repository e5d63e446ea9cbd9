/**
 * The table of checks.
 *
 * @module
 */

/** What tasks checked about their data. */
export const TASK_CHECKS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  attempt: "INTEGER NOT NULL", // from 1
  checked_at: "TEXT NOT NULL",
  name: "TEXT NOT NULL",
  passed: "INTEGER NOT NULL", // 0|1
  severity: "TEXT NOT NULL", // error|warn
  value: "TEXT", // JSON
  expected: "TEXT", // JSON
};

/** The second finds checks that did not pass: those that did may be millions. */
export const TASK_CHECKS_INDEXES = `
  CREATE INDEX IF NOT EXISTS idx_task_checks_task ON task_checks(task_id);
  CREATE INDEX IF NOT EXISTS idx_task_checks_failed ON task_checks(run_id) WHERE passed=0`;
