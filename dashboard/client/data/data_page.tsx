/**
 * The tables and views of the file, with their columns and how many rows they have.
 *
 * @module
 */
import type { DataTable, DataTables } from "../../api.ts";
import { formatCount } from "../../../internal/units.ts";
import { PageTitle } from "../components/page_title.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { SearchField } from "../components/search_field.tsx";
import { hrefOf, navigate } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { Failure, PageSkeleton } from "../pages/placeholders.tsx";
import { type DataRoute, dataRoute } from "./data_route.ts";
import { countText, TableName } from "./table_name.tsx";
import { TablePage } from "./table_page.tsx";
import { ScrollTable } from "../components/scroll_table.tsx";

/** Columns of a table that are listed. */
const LISTED = 12;

export function DataPage({ route, file }: { route: DataRoute; file: string | undefined }) {
  return route.table === null
    ? <TablesPage route={route} file={file} />
    : <TablePage key={route.table} route={route} table={route.table} />;
}

function TablesPage({ route, file }: { route: DataRoute; file: string | undefined }) {
  const { answer, failure } = useAnswer<DataTables>(
    `api/data?${new URLSearchParams(route.q ? { q: route.q } : {})}`,
  );
  if (failure && !answer) {
    return (
      <>
        <PageTitle>Data</PageTitle>
        <Failure failure={failure} />
      </>
    );
  }
  const tables = answer?.tables ?? [];
  const users = tables.filter(({ isOwn }) => !isOwn);
  const own = tables.filter(({ isOwn }) => isOwn);
  const name = file ?? "etl.db";
  return (
    <>
      <header class="page-head">
        <PageTitle>Data</PageTitle>
        <p class="under-title">
          The tables of this file, read-only. For SQL, open it with{" "}
          <a href="https://datasette.io" rel="noreferrer" target="_blank">Datasette</a>:{" "}
          <code>
            datasette <SafeText text={name} limit={80} />
          </code>
        </p>
      </header>
      <div class="log-tools" role="search">
        <SearchField
          label="Search names of tables"
          text={route.q}
          onChange={(q) => navigate({ ...route, q }, { replace: true })}
        />
      </div>
      {!answer ? <PageSkeleton title="Data" /> : (
        <>
          {users.length > 0 && <Tables title="Tables" tables={users} />}
          {users.length === 0 && (
            <p class="empty-list" role="status">
              {route.q ? "No table of yours matches." : "No task has made a table so far."}
            </p>
          )}
          {own.length > 0 && <Tables title="Tables of pipeloom" tables={own} />}
          {answer.left > 0 && (
            <p class="note">{formatCount(answer.left)} more were left out: search for them.</p>
          )}
        </>
      )}
    </>
  );
}

function Tables({ title, tables }: { title: string; tables: DataTable[] }) {
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
        <span class="faint">{formatCount(tables.length)}</span>
      </div>
      <ScrollTable caption={title} class="data-tables">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Rows</th>
            <th scope="col">Columns</th>
          </tr>
        </thead>
        <tbody>
          {tables.map(({ name, kind, columns, count }) => (
            <tr key={name}>
              <th scope="row">
                <a href={hrefOf(dataRoute(name))}>
                  <TableName name={name} />
                </a>
                {kind !== "table" && <span class="faint also">{kind}</span>}
              </th>
              <td>{countText(count)}</td>
              <td class="faint data-columns">
                <SafeText text={columns.slice(0, LISTED).join(", ")} limit={300} />
                {columns.length > LISTED && " …"}
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
