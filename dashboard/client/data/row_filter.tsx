/**
 * Which rows of a table are shown: a column compared with a text, and those of one run. It is part of the address.
 *
 * @module
 */
import type { DataRows } from "../../api.ts";
import { SearchField } from "../components/search_field.tsx";
import { hrefOf, navigate } from "../lib/router.ts";
import { type DataFind, type DataRoute, dataRoute, isAlone, OPERATORS } from "./data_route.ts";

export function RowFilter({ route, data }: { route: DataRoute; data: DataRows }) {
  const { find } = route;
  const change = (changes: Partial<DataFind>) =>
    navigate({ ...route, cursor: "", find: { ...find, ...changes } }, { replace: true });
  return (
    <div class="log-tools" role="search">
      <label class="select-label">
        Column<select
          value={find.column}
          onChange={(event) => change({ column: event.currentTarget.value })}
        >
          <option value="">any row</option>
          {data.columns.map(({ name }, i) => (
            <option key={i} value={name}>{name.slice(0, 60)}</option>
          ))}
        </select>
      </label>
      {find.column && (
        <select
          aria-label="Comparison"
          value={find.op}
          onChange={(event) => change({ op: event.currentTarget.value })}
        >
          {OPERATORS.map(([op, label]) => <option key={op} value={op}>{label}</option>)}
        </select>
      )}
      {find.column && !isAlone(find.op) && (
        <SearchField
          label="Value"
          text={find.value}
          onChange={(value) => change({ value })}
        />
      )}
      {data.runColumn !== null && (
        <SearchField
          label="Run id"
          text={find.run}
          narrow
          onChange={(run) => change({ run: /^\d{1,15}$/.test(run) ? run : "" })}
        />
      )}
      {(find.column || find.run) && (
        <a class="button small" href={hrefOf(dataRoute(route.table))}>Clear filters</a>
      )}
    </div>
  );
}
