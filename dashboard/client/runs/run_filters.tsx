/**
 * Which runs are listed: by a text in name, label or arguments, by status and by day. It is part of the address.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { SearchField } from "../components/search_field.tsx";
import type { RunFilter } from "../lib/route.ts";
import { navigate } from "../lib/router.ts";

const STATUSES = ["running", "done", "error", "cancelled", "interrupted"];
const NONE: RunFilter = { q: "", status: "", from: "", to: "" };

export function RunFilters({ filter }: { filter: RunFilter | undefined }) {
  const { q, status, from, to } = filter ?? NONE;
  // On a narrow screen they would take the place of the first runs.
  const [isOpen, setIsOpen] = useState(false);
  const set = [q, status, from, to].filter(Boolean).length;
  const change = (changes: Partial<RunFilter>) =>
    navigate({ view: "runs", before: null, filter: { ...NONE, ...filter, ...changes } }, {
      replace: true,
    });
  return (
    <div class="run-filters" role="search">
      <button
        type="button"
        class="button small filters-button"
        aria-expanded={isOpen}
        aria-controls="run-filters"
        onClick={() => setIsOpen(!isOpen)}
      >
        Filters{set > 0 ? ` (${set})` : ""}
      </button>
      <div id="run-filters" class={isOpen ? "log-tools is-open" : "log-tools"}>
        <SearchField
          label="Search names, labels and arguments"
          text={q}
          onChange={(q) => change({ q })}
        />
        <label class="select-label">
          Status<select
            value={status}
            onChange={(event) => change({ status: event.currentTarget.value })}
          >
            <option value="">all</option>
            {STATUSES.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <Day label="From" value={from} onChange={(from) => change({ from })} />
        <Day label="To" value={to} onChange={(to) => change({ to })} />
        {filter && (
          <button
            type="button"
            class="button small"
            onClick={() => navigate({ view: "runs", before: null })}
          >
            Clear filters
          </button>
        )}
      </div>
    </div>
  );
}

function Day({ label, value, onChange }: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <label class="select-label">
      {label}
      <input type="date" value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    </label>
  );
}

/** The parameters of the API: days of the reader are times there. */
export function filterParams({ q, status, from, to }: RunFilter): string {
  const params = new URLSearchParams();
  if (q) params.set("q", q);
  if (status) params.set("status", status);
  const [first, last] = [new Date(`${from}T00:00:00`), new Date(`${to}T23:59:59.999`)];
  if (!Number.isNaN(first.getTime())) params.set("from", first.toISOString());
  if (!Number.isNaN(last.getTime())) params.set("to", last.toISOString());
  return params.toString();
}
