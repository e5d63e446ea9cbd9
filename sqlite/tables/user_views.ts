/**
 * Views of a file that any program may have made, read within a time limit.
 *
 * A view is another program's statement, and no statement can be interrupted. So a view is read as a temporary copy,
 * whose tables are temporary views with the condition of `guarded_tables.ts`: every row that it passes is a look at
 * the clock. Views for which that is not enough are refused: those with a recursion, over virtual tables, with
 * functions for which one row takes any time, and those whose tables and views are too many to be prepared in time.
 *
 * @module
 */
import { foldName } from "../../internal/fold_name.ts";
import type { Connection } from "../connection.ts";
import { quoteName, type Token, tokensOf } from "../sql_text.ts";
import { inTime } from "./guarded_tables.ts";
import { columnsOfTable, endlessFunction, type UserTable } from "./user_tables.ts";

/** Tables and views that a view may name, with those that its views name. */
const MOST_NAMES = 64;

/** Common table expressions of a view: each can be used twice by the next. */
const MOST_EXPRESSIONS = 10;

/** Characters of a view. */
const MOST_CHARACTERS = 20_000;

/** A view is not read, and why. */
export class UnreadableView extends Error {}

/** What a view reads, each under its name in lower case: tables first, then views. */
type Parts = Map<string, UserTable>;

/**
 * Statements that make the temporary copy of a view and of all that it reads, and those that drop them.
 *
 * @param guarded Names in lower case of tables that have such a temporary view already
 * @throws {UnreadableView} If it may take any time to read it
 */
export function copyOfView(
  connection: Connection,
  view: UserTable,
  { tables, guarded }: { tables: readonly UserTable[]; guarded: ReadonlySet<string> },
): { create: string[]; drop: string[] } {
  const known = new Map(tables.map((table) => [foldName(table.name), table]));
  const parts: Parts = new Map();
  collect(view, { known, parts, path: [], names: { count: 0 } });
  const create: string[] = [];
  const drop: string[] = [];
  for (const [folded, part] of parts) {
    if (guarded.has(folded)) continue;
    create.push(part.kind === "view" ? copied(part) : guardedCopy(connection, part));
    drop.unshift(`DROP VIEW IF EXISTS temp.${quoteName(part.name)}`);
  }
  return { create, drop };
}

/**
 * Refuses a temporary copy that holds a recursion.
 *
 * @throws {UnreadableView} If it does
 */
export function refuseRecursion(connection: Connection, view: string): void {
  const plan = connection.prepare(`EXPLAIN QUERY PLAN SELECT * FROM temp.${quoteName(view)}`).all();
  if (plan.some(({ detail }) => /RECURSIVE/.test(`${detail}`))) {
    throw new UnreadableView("it holds a recursion, which may never end");
  }
}

function collect(view: UserTable, { known, parts, path, names }: {
  known: ReadonlyMap<string, UserTable>;
  parts: Parts;
  path: readonly string[];
  names: { count: number };
}): void {
  const own = foldName(view.name);
  if (path.includes(own)) throw new UnreadableView("it reads itself");
  checkText(view);
  const tokens = [...tokensOf(view.sql)];
  for (const [i, token] of tokens.entries()) {
    if (tokens[i + 1]?.text === "." && ["main", "temp"].includes(token.name)) {
      throw new UnreadableView(`it names the database ${token.name}`);
    }
    const part = i > 2 ? known.get(foldName(token.spelling)) : undefined;
    if (!part || isValue(token)) continue;
    if (++names.count > MOST_NAMES) throw new UnreadableView("it reads too many tables");
    if (part.kind === "virtual") {
      throw new UnreadableView(`it reads the virtual table ${part.name}`);
    }
    const folded = foldName(part.name);
    if (part.kind === "view") {
      collect(part, { known, parts, path: [...path, own], names });
    } else parts.set(folded, part);
  }
  // After all that it reads, because a temporary view that is made first would be taken for the table.
  parts.delete(own);
  parts.set(own, view);
}

function checkText({ sql }: UserTable): void {
  if (!/^CREATE VIEW /.test(sql)) throw new UnreadableView("its text is damaged");
  if (sql.length > MOST_CHARACTERS) throw new UnreadableView("its text is too long");
  const tokens = [...tokensOf(sql)];
  if (tokens.some(({ text }) => text === ";")) throw new UnreadableView("its text is damaged");
  const expressions = tokens.filter(({ text, name }, i) =>
    text === "(" || name === "materialized" ? tokens[i - 1]?.name === "as" : false
  );
  if (expressions.length > MOST_EXPRESSIONS) {
    throw new UnreadableView("it has too many common table expressions");
  }
  const name = endlessFunction(sql);
  if (name) throw new UnreadableView(`it calls ${name}, for which a row may take any time`);
}

/** A text in single quotes names nothing. */
function isValue({ text }: Token): boolean {
  return text.startsWith("'");
}

function copied({ sql }: UserTable): string {
  return `CREATE TEMP VIEW ${sql.slice("CREATE VIEW ".length)}`;
}

function guardedCopy(connection: Connection, { name, sql }: UserTable): string {
  const columns = columnsOfTable(connection, name)
    .filter(({ computed }) => computed !== "virtual" || !endlessFunction(sql))
    .map(({ name }) => name);
  if (columns.length === 0) throw new UnreadableView(`it reads ${name}, which has no column`);
  return `CREATE TEMP VIEW ${quoteName(name)} AS SELECT ${columns.map(quoteName).join(", ")}
    FROM main.${quoteName(name)} WHERE ${inTime(columns[0]!)}`;
}
