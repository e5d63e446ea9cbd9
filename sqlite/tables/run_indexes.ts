/**
 * Indexes of runs: without them each start of a pipeline looks at all runs of the file, some times over. None has a column
 * that changes while a run is active, but for the last id, which changes once for thousands of tasks.
 *
 * @module
 */
export const RUN_INDEXES = `
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_running ON pipeline_runs(name)
    WHERE status='running';
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_name ON pipeline_runs(name);
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_key ON pipeline_runs(run_key)
    WHERE run_key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_last ON pipeline_runs(last_task_id);
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_reserved ON pipeline_runs(reserved_to)
    WHERE reserved_to IS NOT NULL;
  CREATE INDEX IF NOT EXISTS idx_run_requests_run ON run_requests(run_id)`;
