/**
 * The table of a run's tasks: a page of them, in an order, found by a word.
 *
 * @module
 */
import { TableLinks } from "../components/table_links.tsx";
import { formatQuery } from "../lib/route.ts";
import type { Run, TaskQuery, TaskSort } from "../../api.ts";
import type { RouteOf } from "../lib/route.ts";
import type { RunState } from "../live/patches.ts";
import { SearchField } from "../components/search_field.tsx";
import { formatCount } from "../../../internal/units.ts";
import { navigate } from "../lib/router.ts";
import { isCancelling } from "../lib/statuses.ts";
import { ChosenTasks, useChosenTasks, useMayChoose } from "../run/chosen_tasks.tsx";
import { TaskRow } from "./task_row.tsx";

const SIZES = [50, 100, 200];

/** The bars of longer tables jump. */
const ANIMATED = 60;

/** A column, and what a click on its head sorts by. */
interface Column {
  name: string;
  label: string;
  sort?: TaskSort;
}

const COLUMNS: readonly Column[] = [
  { name: "id", label: "Id", sort: "id" },
  { name: "name", label: "Task", sort: "name" },
  { name: "status", label: "Status" },
  { name: "progress", label: "Progress", sort: "progress" },
  { name: "message", label: "Message" },
  { name: "started", label: "Started", sort: "started" },
  { name: "duration", label: "Duration", sort: "duration" },
  { name: "pace", label: "Left" },
];

export function TaskTable({ route, state, current, exported }: {
  route: RouteOf<"run">;
  exported: boolean;
  state: RunState & { run: Run };
  current: boolean;
}) {
  const { query } = route;
  const change = (changes: Partial<TaskQuery>, options?: { replace: boolean }) =>
    navigate({ ...route, query: { ...query, cursor: "", ...changes } }, options);
  const matched = query.status.reduce((sum, status) => sum + state.run.counts[status], 0);
  const total = query.status.length > 0 ? matched : state.run.total;
  const kinds = [
    "task-table",
    state.run.status !== "running" && "no-pace",
    state.tasks.length > ANIMATED && "is-long",
  ].filter(Boolean);
  const searched = query.q !== "" || query.key !== "" || !!query.cause;
  const narrowed = searched || query.status.length > 0;
  const chosen = useChosenTasks(state.run.id);
  const mayChoose = useMayChoose(state.run, exported);
  const matching = searched ? state.found ?? null : narrowed ? total : null;
  return (
    <section class="panel tasks" aria-labelledby="tasks-title">
      <div class="panel-head">
        <h2 id="tasks-title">Tasks</h2>
        <span class="faint">
          {searched ? foundText(state) : formatCount(total)}
        </span>
        {query.key && <span class="note">with key {query.key}</span>}
        {query.cause && <span class="note">failures of one cause</span>}
        {narrowed && (
          <button
            type="button"
            class="button small"
            onClick={() => change({ status: [], q: "", key: "", cause: "" })}
          >
            Clear filters
          </button>
        )}
        <span class="spread" />
        {!exported && (
          <TableLinks
            csv={`api/runs/${state.run.id}/csv/tasks?${formatQuery({ ...query, cursor: "" })}`}
            json={`api/runs/${state.run.id}/tasks?${formatQuery({ ...query, cursor: "" })}`}
            label="tasks"
          />
        )}
        <SearchField
          label="Search names and messages"
          text={query.q}
          onChange={(q) => change({ q }, { replace: true })}
        />
      </div>
      {mayChoose && <ChosenTasks run={state.run} chosen={chosen} query={query} found={matching} />}
      <div class="table-box" aria-busy={!current}>
        <table class={kinds.join(" ")}>
          <caption class="visually-hidden">Tasks of this run</caption>
          <thead>
            <tr>
              {mayChoose && (
                <td class="cell-choose">
                  <span class="visually-hidden">Choose</span>
                </td>
              )}
              {COLUMNS.map((column) => (
                <HeaderCell
                  key={column.name}
                  column={column}
                  sort={query.sort}
                  onSort={(
                    sort,
                  ) => change({ sort })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {state.tasks.map((task) => (
              <TaskRow
                key={task.id}
                task={task}
                active={state.run.status === "running"}
                cancelling={isCancelling(task, state.run)}
                chosen={mayChoose ? chosen.ids.has(task.id) : null}
                onChoose={chosen.toggle}
              />
            ))}
          </tbody>
        </table>
      </div>
      {state.tasks.length === 0 && (
        <p class="empty-list" role="status">{emptyText(state, { current, narrowed })}</p>
      )}
      <nav class="pager" aria-label="Pages of tasks">
        <button type="button" class="button" disabled={!query.cursor} onClick={() => change({})}>
          First
        </button>
        <button
          type="button"
          class="button"
          disabled={!state.previous || !current}
          onClick={() => change({ cursor: state.previous! })}
        >
          Previous
        </button>
        <button
          type="button"
          class="button"
          disabled={!state.next || !current}
          onClick={() => change({ cursor: state.next! })}
        >
          Next
        </button>
        <span class="spread" />
        <label class="select-label">
          Rows<select
            value={query.limit}
            onChange={(event) => change({ limit: Number(event.currentTarget.value) })}
          >
            {[...new Set([...SIZES, query.limit])].sort((a, b) => a - b)
              .map((size) => <option key={size} value={size}>{size}</option>)}
          </select>
        </label>
      </nav>
    </section>
  );
}

/** How many tasks a search has found, on all pages. */
function foundText({ found, reading }: RunState): string {
  if (reading) return "searching …";
  return found === undefined ? "counting …" : `${formatCount(found)} found`;
}

/** Why a page of tasks is empty. A page that has not been read yet is not shown as empty. */
function emptyText(
  { reading, run }: RunState & { run: Run },
  { current, narrowed }: { current: boolean; narrowed: boolean },
): string {
  if (reading || !current) return "Reading the tasks …";
  if (narrowed) return "No task matches these filters.";
  return run.total > 0 ? "Reading the tasks …" : "This run has no tasks yet.";
}

function HeaderCell({ column, sort, onSort }: {
  column: Column;
  sort: TaskQuery["sort"];
  onSort: (sort: TaskQuery["sort"]) => void;
}) {
  const { name, label, sort: by } = column;
  if (!by) return <th scope="col" class={`cell-${name}`}>{label}</th>;
  const descending = sort === `-${by}`;
  const order = descending ? "descending" : sort === by ? "ascending" : "none";
  return (
    <th scope="col" class={`cell-${name}`} aria-sort={order}>
      <button type="button" class="sort" onClick={() => onSort(sort === by ? `-${by}` : by)}>
        {label}
        <span class="sort-arrow" aria-hidden="true">
          {order === "none" ? "" : descending ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}
