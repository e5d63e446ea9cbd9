/**
 * Tasks by status: the legend of the weave, and filters of the weave and the table.
 *
 * @module
 */
import { formatCount } from "../../../internal/units.ts";
import { type StatusCounts, STATUSES, type TaskStatus } from "../lib/statuses.ts";
import { StatusIcon } from "../components/status_mark.tsx";

/** `onChange` gets the statuses to show; an empty list means all. */
export function StatusChips({ counts, total, chosen, onChange }: {
  counts: StatusCounts;
  total: number;
  chosen: TaskStatus[];
  onChange: (statuses: TaskStatus[]) => void;
}) {
  const toggle = (status: TaskStatus) => {
    const next = STATUSES.filter((name) => chosen.includes(name) !== (name === status));
    onChange(next.length === STATUSES.length ? [] : next);
  };
  return (
    <div class="chips" role="group" aria-label="Filter tasks by status">
      <button
        type="button"
        class="chip"
        aria-pressed={chosen.length === 0}
        onClick={() => onChange([])}
      >
        all <b>{formatCount(total)}</b>
      </button>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class={`chip chip-${status}`}
          aria-pressed={chosen.includes(status)}
          onClick={() => toggle(status)}
        >
          <StatusIcon status={status} />
          {status} <b>{formatCount(counts[status])}</b>
        </button>
      ))}
    </div>
  );
}
