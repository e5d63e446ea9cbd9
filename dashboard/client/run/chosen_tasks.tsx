/**
 * Tasks that were ticked, or all that match the filter, and what can be done with them: cancel and retry, or the
 * command that does it where this page may not.
 *
 * @module
 */
import { useCallback, useContext, useState } from "preact/hooks";
import type { Run, TaskQuery } from "../../api.ts";
import { formatNumberOf } from "../../../internal/units.ts";
import { ActionButton } from "../components/action_button.tsx";
import { Control } from "../components/control.tsx";
import { CopyText } from "../components/long_text.tsx";
import { useMayContinue } from "../serve/served.ts";

/** Ticked tasks. */
export interface Chosen {
  ids: ReadonlySet<number>;
  toggle: (id: number) => void;
  clear: () => void;
}

/** Ticks, kept while the reader turns pages and visits tasks. */
const kept = new Map<number, ReadonlySet<number>>();
const NONE: ReadonlySet<number> = new Set();

/** The ticked tasks of a run. */
export function useChosenTasks(run: number): Chosen {
  const [, redraw] = useState(0);
  const set = (ids: ReadonlySet<number>) => {
    kept.set(run, ids);
    redraw((count) => count + 1);
  };
  const idsOf = () => kept.get(run) ?? NONE;
  // The same function each time: rows are drawn again where it is another one.
  const toggle = useCallback((id: number) => {
    const ids = new Set(idsOf());
    if (!ids.delete(id)) ids.add(id);
    set(ids);
  }, [run]);
  return { ids: idsOf(), toggle, clear: () => set(NONE) };
}

/** Whether tasks of a run can be ticked: something can be done with them. */
export function useMayChoose(run: Run, exported: boolean): boolean {
  const mayControl = useContext(Control);
  const isOver = run.status !== "running";
  return !exported && run.id > 0 && (mayControl || isOver && run.status !== "done");
}

export function ChosenTasks({ run, chosen, query, found }: {
  run: Run;
  chosen: Chosen;
  query: TaskQuery;
  /** How many tasks match the filter, where there is one. */
  found: number | null;
}) {
  const mayControl = useContext(Control);
  const mayContinue = useMayContinue(run);
  const active = run.status === "running" && !run.cancelling;
  const mayRetry = active ? mayControl : mayContinue;
  const { ids, clear } = chosen;
  const some = [...ids].toSorted((a, b) => a - b).join(",");
  const filter = new URLSearchParams();
  for (const name of ["q", "key", "cause"] as const) if (query[name]) filter.set(name, query[name]);
  if (query.status.length > 0) filter.set("status", query.status.join(","));
  const ofFilter = ids.size === 0 && found !== null && found > 0 && !query.cause;
  if (ids.size === 0 && !(ofFilter && mayControl && (active || mayContinue))) return null;
  const [what, params] = ids.size > 0
    ? [`${formatNumberOf(ids.size, "task")} chosen`, `tasks=${some}`]
    : [`All ${formatNumberOf(found!, "task")} that match`, `${filter}`];
  return (
    <div class="chosen-tasks" role="group" aria-label="Chosen tasks">
      <b>{what}</b>
      {active && mayControl && (
        <ActionButton
          key={`cancel ${params}`}
          path={`api/runs/${run.id}/cancel?${params}`}
          kind="small danger"
          label="Cancel these"
          busyLabel="Cancelling …"
        />
      )}
      {mayRetry && (
        <ActionButton
          key={`retry ${params}`}
          path={`api/runs/${run.id}/retry?${params}`}
          kind="small"
          label="Retry these"
          busyLabel="Retrying …"
        />
      )}
      {ids.size > 0 && (
        <button type="button" class="button small" onClick={clear}>
          Choose none
        </button>
      )}
      {!mayRetry && !active && (
        <Command text={`pipeloom run <file> --resume ${run.id} --only ${some}`} />
      )}
    </div>
  );
}

/** A command to copy, and its effect. */
export function Command({ text, children }: { text: string; children?: string }) {
  return (
    <span class="command">
      <span>
        <code>{text}</code> {children}
      </span>
      <CopyText text={text} label="the command" />
    </span>
  );
}
