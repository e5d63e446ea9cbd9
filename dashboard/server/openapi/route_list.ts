/**
 * The descriptions of the API's routes, for its OpenAPI description and for the reference.
 *
 * @module
 */

/** The description of a route. */
export interface Route {
  /** Parameters of the query. */
  query?: string;
  /** The type of the answer, as `@pipeloom/pipeloom/dashboard` exports it. */
  answer?: string;
  /** What it does. */
  text: string;
}

/** Every route by its method and its path. */
export const ROUTES: Readonly<Record<string, Route>> = {
  "GET /api/runs": {
    query: "name, q, status, from, to, before, limit",
    answer: "RunPage",
    text:
      "Runs, newest first. `q` is a text in name, label or arguments; `from` and `to` are times or days.",
  },
  "GET /api/runs/:run": {
    answer: "Run",
    text:
      "One run with its counts and the writer's health. Run 0 holds the tasks of a file that has no runs.",
  },
  "GET /api/runs/:run/tasks": {
    query: "status, q, key, cause, sort, limit, cursor",
    answer: "TaskPage",
    text:
      "Its tasks. `status` takes several with commas, `q` a text in name or message, `cause` the id of a cause " +
      "of failures. `sort` is `id`, `name`, " +
      "`started`, `duration` or `progress`, with `-` for descending order. `cursor` is `next` or `previous` of " +
      "another page.",
  },
  "GET /api/runs/:run/failures": {
    query: "limit",
    answer: "FailureReport",
    text: "Its failures by cause: number, share, first, last and a sample with its stack.",
  },
  "GET /api/runs/:run/checks": {
    answer: "RunChecks",
    text: "The checks of its tasks: numbers, and the first 100, failed ones first.",
  },
  "GET /api/runs/:run/rows": {
    answer: "RunRows",
    text: "The rows that its tasks wrote, by table: inserted, upserted, updated, deleted.",
  },
  "GET /api/runs/:run/delays": {
    answer: "RunDelays",
    text: "Its tasks that are silent, that wait for a retry, and the slowest.",
  },
  "GET /api/runs/:run/logs": {
    query: "q, level, task, after, before, limit",
    answer: "RunLogPage",
    text: "The last lines of its log. `level` takes in those above it, `q` is a text in the line.",
  },
  "GET /api/runs/:run/log": {
    query: "q, level, task",
    text: "All lines of its log, or those that match, as a text file.",
  },
  "GET /api/runs/:run/durations": {
    query: "by, against",
    answer: "RunDurations",
    text: "How long its tasks took, `by` `name`, `stage` or `tag`, beside an earlier run.",
  },
  "GET /api/runs/:run/samples": { answer: "Sample[]", text: "Its counts over time." },
  "GET /api/runs/:run/weave": { answer: "WeaveBlock[]", text: "Every task as one character." },
  "GET /api/runs/:run/timeline": {
    answer: "Timeline",
    text: "When tasks ran: all of them, or the longest 1,000.",
  },
  "GET /api/runs/:run/graph": {
    answer: "TaskGraph",
    text: "Which tasks wait for which, laid out: up to 500 tasks and 1,000 dependencies.",
  },
  "GET /api/runs/:run/export": { text: "The run as one HTML file." },
  "GET /api/csv": {
    query: "name, q, status, from, to",
    text: "Runs that match, as CSV.",
  },
  "GET /api/runs/:run/csv/:table": {
    query: "status, q, key, cause, sort, by, level, task",
    text:
      "The tables of its page as CSV: `tasks`, `failures`, `durations` or `log`, with the parameters of those routes. " +
      "Texts are cut as there. A text that a spreadsheet would take for a formula gets an apostrophe.",
  },
  "GET /api/grid": {
    query: "name",
    answer: "RunGrid",
    text:
      "The tasks of the pipeline `name` in its last 20 runs: those that failed most often, then the slowest.",
  },
  "GET /api/compare": { query: "a, b", answer: "Comparison", text: "Two runs side by side." },
  "GET /api/tasks/:task": {
    answer: "TaskDetail",
    text: "One task with its attempts and its result.",
  },
  "GET /api/tasks/:task/texts/:field": {
    text: "Its `message`, `error`, `result` or `input` in full, as a text file.",
  },
  "GET /api/tasks/:task/attempts/:attempt": {
    text: "The error of an earlier attempt in full, as a text file.",
  },
  "GET /api/tasks/:task/logs": {
    query: "before, limit",
    answer: "LogPage",
    text: "Its log: lines of at most 2,000 characters, about 200,000 characters at a time.",
  },
  "GET /api/tasks/:task/logs/:line": { text: "One line in full, as a text file." },
  "GET /api/tasks/:task/log": { text: "The whole log, as a text file." },
  "GET /api/tasks/:task/dependencies": {
    answer: "TaskDependencies",
    text: "Its dependencies, and what depends on it.",
  },
  "GET /api/tasks/:task/history": { answer: "TaskHistory", text: "The same task in other runs." },
  "GET /api/data": {
    query: "q",
    answer: "DataTables",
    text: "The tables and views of the file. `q` is a text in their names. 404 with `data: false`.",
  },
  "GET /api/data/rows": {
    query: "name, column, op, value, run, limit, cursor",
    answer: "DataRows",
    text:
      "Rows of the table `name` in the order of its key. `op` compares `column` with `value`: `is`, `not`, " +
      "`contains`, `from`, `to`, `empty` or `set`. `run` selects the rows of one run, where a column names it.",
  },
  "GET /api/data/csv": {
    query: "name, column, op, value, run, raw",
    text:
      "The same rows, all of them, as CSV. A text that a spreadsheet would take for a formula gets an apostrophe, " +
      "unless `raw=1`. BLOBs are hexadecimal digits, NUL is `␀`; of a value over 1 MB stands the size.",
  },
  "GET /api/data/json": {
    query: "name, column, op, value, run",
    text:
      "The same as JSON, an object for each row. Integers keep all digits; a BLOB is an object with `$base64`, a " +
      "value over 1 MB one with `$cut`.",
  },
  "GET /api/live": {
    query: "view, run, task, watch",
    text:
      "Server-sent events of a view: `view=runs`, `view=run&run=5` or `view=task&task=7`. The first event is a " +
      "`snapshot`; each `patch` changes it. A `ping` comes every 5 seconds, an `end` when the server ends. Several " +
      "`watch=view%3Druns` in place of `view` make one stream of several views, whose ids begin with the place of " +
      "the view.",
  },
  "POST /api/session": {
    text:
      "Begins a session, kept in a cookie, when the body holds the viewer token. A wrong token gets 401, or 429 " +
      "after too many wrong ones.",
  },
  "GET /api/control": { text: "204 for a valid control token, else 401." },
  "POST /api/runs/:run/cancel": {
    query: "tasks, status, q, key",
    answer: "ControlResult",
    text:
      "Cancels an active run, or some of its tasks: ids with commas between, or all that match.",
  },
  "POST /api/runs/:run/retry": {
    query: "tasks, status, q, key, cause",
    answer: "ControlResult",
    text:
      "Runs all failed tasks of an active run again, or some of its failed and cancelled ones. After its end it " +
      "continues the run for them where its definition is served, with the answer of `resume`.",
  },
  "POST /api/tasks/:task/cancel": { answer: "ControlResult", text: "Cancels one task." },
  "POST /api/tasks/:task/retry": { answer: "ControlResult", text: "Runs one failed task again." },
  "GET /api/pipelines": {
    answer: "PipelineInfo[]",
    text:
      "The pipelines of `pipeloom serve`. This and the next routes are those of that server alone.",
  },
  "GET /api/pipelines/:pipeline": { answer: "PipelineInfo", text: "One of them." },
  "POST /api/pipelines/:pipeline/run": {
    answer: "RunStart",
    text:
      'Runs it. The body is empty, or JSON as `{"args":{"day":"2026-11-27"}}`. 201 when the run has begun, 202 when ' +
      "it waits or still loads, 409 when it may not begin, 422 when an argument is wrong: `fields` names it.",
  },
  "POST /api/pipelines/:pipeline/pause": { text: "Pauses its schedule." },
  "POST /api/pipelines/:pipeline/resume": { text: "Resumes its schedule." },
  "POST /api/runs/:run/resume": {
    answer: "RunStart",
    text:
      "Continues a run that has ended, with its own arguments. 409 when its definition is not served.",
  },
  "POST /session": {
    text: "As `POST /api/session`, on the first page of the server, for all of its databases.",
  },
  "GET /badge/:file": {
    text:
      "A badge of a pipeline, `<id>.svg`: its name and the status of its last run. Other sites may show it; where a " +
      "viewer token is set, it needs that.",
  },
  "GET /api/openapi.json": { text: "This API as an OpenAPI 3.1 description." },
  "GET /healthz": {
    text:
      "200 while the database can be read, else 503. It answers to any `Host` and needs no token.",
  },
  "GET /metrics": {
    text:
      "The newest runs in the format of Prometheus. It answers to any `Host` and needs the viewer token.",
  },
};
