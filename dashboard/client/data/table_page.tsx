/**
 * The rows of one table: page by page in the order of its key, all of them or those that match.
 *
 * @module
 */
import type { DataRows, DataValue } from "../../api.ts";
import { formatBytes, formatCount } from "../../../internal/units.ts";
import { PageTitle } from "../components/page_title.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { Failure, PageSkeleton } from "../pages/placeholders.tsx";
import { countText, TableName } from "./table_name.tsx";
import { type DataRoute, dataRoute, rowsParams } from "./data_route.ts";
import { RowFilter } from "./row_filter.tsx";

/** Characters of a value that is shown. */
const SHOWN = 300;

export function TablePage({ route, table }: { route: DataRoute; table: string }) {
  const path = `api/data/rows?${rowsParams(route)}`;
  const { answer, failure } = useAnswer<DataRows>(path);
  if (failure && !answer) {
    return (
      <>
        <PageTitle>
          <TableName name={table} />
        </PageTitle>
        <Failure failure={failure} />
        <p>
          <a class="button" href={hrefOf(dataRoute(null))}>All tables</a>{" "}
          {(route.find.column || route.find.run || route.cursor) && (
            <a class="button" href={hrefOf(dataRoute(table))}>All rows</a>
          )}
        </p>
      </>
    );
  }
  return (
    <>
      <header class="page-head">
        <div class="title-row">
          <PageTitle>
            <TableName name={table} />
          </PageTitle>
          {answer?.kind !== "table" && <span class="faint">{answer?.kind}</span>}
          <span class="spread" />
          {answer?.kind === "table" && <Downloads route={route} />}
        </div>
        <p class="under-title">
          <a href={hrefOf(dataRoute(null))}>All tables</a>
          {answer?.count && <span class="also">{countText(answer.count)} rows</span>}
          {answer && answer.columnsLeft > 0 && (
            <span class="also faint">
              {formatCount(answer.columnsLeft)}{" "}
              columns are not shown: past the first 200, or computed at length
            </span>
          )}
        </p>
      </header>
      {answer?.kind === "table" && <RowFilter route={route} data={answer} />}
      {answer ? <Rows route={route} data={answer} /> : <PageSkeleton title={table} />}
    </>
  );
}

function Downloads({ route }: { route: DataRoute }) {
  const params = rowsParams({ ...route, cursor: "" });
  return (
    <>
      <a class="button small" href={`api/data/csv?${params}`} download>CSV</a>
      <a class="button small" href={`api/data/json?${params}`} download>JSON</a>
    </>
  );
}

function Rows({ route, data }: { route: DataRoute; data: DataRows }) {
  const { columns, rows, next, isPartial, refused } = data;
  return (
    <section class="panel" aria-label="Rows">
      {refused !== null && <p class="empty-list" role="status">{refused}.</p>}
      {refused === null && rows.length === 0 && (
        <p class="empty-list" role="status">
          {isPartial ? "Nothing found so far." : route.cursor ? "No more rows." : "No rows."}
        </p>
      )}
      {rows.length > 0 && (
        <div class="table-box" tabIndex={0} role="region" aria-label="Rows, which scroll">
          <table class="data-rows">
            <caption class="visually-hidden">Rows of the table in the order of its key</caption>
            <thead>
              <tr>
                {columns.map(({ name, type, key, isComputed }, i) => (
                  <th key={i} scope="col" class={isNumeric(type) ? "is-number" : undefined}>
                    <SafeText text={name} limit={80} />
                    <span class="data-type faint">
                      <SafeText text={type} limit={30} />
                      {key > 0 && " key"}
                      {isComputed && " computed"}
                    </span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {row.map((value, j) => <Cell key={j} value={value} />)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(route.cursor || next !== null) && (
        <nav class="pager" aria-label="Pages of rows">
          {route.cursor && <a class="button" href={hrefOf({ ...route, cursor: "" })}>First page</a>}
          {next !== null && (
            <a class="button" href={hrefOf({ ...route, cursor: next })}>
              {isPartial ? "Search on" : "Next page"}
            </a>
          )}
        </nav>
      )}
      <Definition sql={data.sql} />
    </section>
  );
}

/** Whether SQLite makes numbers of the values of a column, by its declared type: its heading stands above them. */
function isNumeric(type: string): boolean {
  return /INT|REAL|FLOA|DOUB|NUMERIC|DECIMAL/i.test(type);
}

function Cell({ value }: { value: DataValue }) {
  if (value === null) return <td class="faint">NULL</td>;
  if (typeof value === "number") return <td class="is-number">{`${value}`}</td>;
  if (typeof value === "string") {
    return (
      <td>
        <Text text={value} />
      </td>
    );
  }
  if (value.number !== undefined) return <td class="is-number">{value.number}</td>;
  const size = <span class="faint">{formatBytes(value.bytes ?? 0)}</span>;
  if (value.hex !== undefined) {
    return (
      <td>
        <code>{value.hex.slice(0, 32)}{value.hex.length > 32 && "…"}</code> {size}
      </td>
    );
  }
  return (
    <td>
      <Text text={`${value.text}…`} /> {size}
    </td>
  );
}

function Text({ text }: { text: string }) {
  return (
    <div class="data-text">
      <SafeText text={text} limit={SHOWN + 1} />
    </div>
  );
}

function Definition({ sql }: { sql: string }) {
  if (!sql) return null;
  return (
    <details class="data-sql">
      <summary>Definition</summary>
      <pre class="code">
        <SafeText text={sql} limit={20_000} />
      </pre>
    </details>
  );
}
