/**
 * What a run or a task wrote, by table.
 *
 * @module
 */
import { useContext } from "preact/hooks";
import type { ComparedRows, Run, RunRows, WrittenRows } from "../../api.ts";
import { formatCount } from "../../../internal/units.ts";
import { SafeText } from "../components/safe_text.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { dataRoute } from "./data_route.ts";
import { ShowsData } from "./shows_data.ts";
import { ScrollTable } from "../components/scroll_table.tsx";

/** Milliseconds between two looks while a run is active. */
const EVERY_MS = 5_000;

/** What each number counts. */
const KINDS: readonly [name: Exclude<keyof WrittenRows, "table">, label: string, hint: string][] = [
  ["inserted", "Inserted", "Rows that were inserted"],
  ["upserted", "Upserted", "Inserted, or written over: SQLite counts both as one"],
  ["updated", "Updated", "Rows that UPDATE changed"],
  ["deleted", "Deleted", "Rows that DELETE removed"],
];

/** What the tasks of a run wrote; nothing where they wrote nothing. */
export function RunWrote({ run }: { run: Run }) {
  const { answer } = useAnswer<RunRows>(`api/runs/${run.id}/rows`, {
    everyMs: run.status === "running" ? EVERY_MS : 0,
    version: run.status,
  });
  return <Wrote tables={answer?.tables} left={answer?.left} of="run" />;
}

/** What a task wrote, over all of its attempts. */
export function TaskWrote({ tables }: { tables: WrittenRows[] | undefined }) {
  return <Wrote tables={tables} of="task" />;
}

function Wrote({ tables, left = 0, of }: {
  tables: WrittenRows[] | undefined;
  left?: number | undefined;
  of: "run" | "task";
}) {
  if (!tables?.length) return null;
  const kinds = KINDS.filter(([name]) => tables.some((rows) => rows[name] > 0));
  return (
    <section class="panel" aria-labelledby="wrote-title">
      <div class="panel-head">
        <h2 id="wrote-title">Wrote</h2>
        <span class="faint">{sentenceOf(tables, kinds)}</span>
      </div>
      <ScrollTable caption={`Rows that the ${of} wrote, by table`} class="wrote">
        <thead>
          <tr>
            <th scope="col">Table</th>
            {kinds.map(([name, label, hint]) => <th key={name} scope="col" title={hint}>{label}
            </th>)}
          </tr>
        </thead>
        <tbody>
          {tables.map((rows) => (
            <tr key={rows.table}>
              <th scope="row">
                <TableName name={rows.table} />
              </th>
              {kinds.map(([name]) => (
                <td key={name} class={rows[name] === 0 ? "faint" : ""}>
                  {formatCount(rows[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
      {left > 0 && <p class="note">{formatCount(left)} more tables were left out.</p>}
    </section>
  );
}

/** What two runs wrote, side by side. */
export function ComparedWrote({ rows, a, b }: { rows: ComparedRows[]; a: number; b: number }) {
  if (rows.length === 0) return null;
  return (
    <section class="panel" aria-label="Wrote">
      <div class="panel-head">
        <h2>Wrote</h2>
        <span class="spread" />
        <span class="faint hint">Rows of each table, in the earlier run and in the later one</span>
      </div>
      <ScrollTable caption="Rows that both runs wrote, by table" class="wrote">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col">#{a}</th>
            <th scope="col">#{b}</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ table, a, b }) => (
            <tr key={table}>
              <th scope="row">
                <TableName name={table} />
              </th>
              <td>{a ? countsOf(a) : "–"}</td>
              <td>{b ? countsOf(b) : "–"}</td>
              <td class="faint">{changeOf(sumOf(a), sumOf(b))}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}

function TableName({ name }: { name: string }) {
  const showsData = useContext(ShowsData);
  if (name === "*") return <>further tables</>;
  const text = (
    <code>
      <SafeText text={name} limit={120} />
    </code>
  );
  return showsData ? <a href={hrefOf(dataRoute(name))}>{text}</a> : text;
}

function sentenceOf(tables: readonly WrittenRows[], kinds: typeof KINDS): string {
  return kinds.map(([name, label]) =>
    `${formatCount(tables.reduce((sum, rows) => sum + rows[name], 0))} ${label.toLowerCase()}`
  ).join(" · ");
}

function countsOf(rows: WrittenRows): string {
  return KINDS.filter(([name]) => rows[name] > 0)
    .map(([name, label]) => `${formatCount(rows[name])} ${label.toLowerCase()}`).join(", ") || "0";
}

function sumOf(rows: WrittenRows | null): number {
  return rows ? KINDS.reduce((sum, [name]) => sum + rows[name], 0) : 0;
}

function changeOf(before: number, after: number): string {
  const more = after - before;
  return more === 0 ? "=" : `${more > 0 ? "+" : "−"}${formatCount(Math.abs(more))}`;
}
