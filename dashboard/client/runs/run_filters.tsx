/**
 * Which runs are listed: by a text in name, label or arguments, by status and by day. It is part of the address.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RunFilter } from "../lib/route.ts";
import { navigate } from "../lib/router.ts";

const SEARCH_AFTER_MS = 300;
const STATUSES = ["running", "done", "error", "cancelled", "interrupted"];
const NONE: RunFilter = { q: "", status: "", from: "", to: "" };

export function RunFilters({ filter }: { filter: RunFilter | undefined }) {
  const { q, status, from, to } = filter ?? NONE;
  const [typed, setTyped] = useState(q);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(timer.current);
    setTyped(q);
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (changes: Partial<RunFilter>) =>
    navigate({ view: "runs", before: null, filter: { ...NONE, ...filter, ...changes } }, {
      replace: true,
    });
  return (
    <div class="log-tools" role="search">
      <label class="search">
        <span class="visually-hidden">Search names, labels and arguments</span>
        <input
          type="search"
          placeholder="Search names, labels and arguments"
          value={typed}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => {
            const { value } = event.currentTarget;
            setTyped(value);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => change({ q: value }), SEARCH_AFTER_MS);
          }}
        />
      </label>
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
