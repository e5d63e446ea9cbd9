/**
 * Why data cannot be shown, although the database can be read.
 *
 * @module
 */
import { SqliteError } from "../../../../errors.ts";
import { OverdueError } from "../../../../sqlite/tables/guarded_tables.ts";
import { UnreadableView } from "../../../../sqlite/tables/user_views.ts";

/** The data cannot be shown. The connection stays as it is. */
export class NoData extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "NoData";
  /** The status of the answer. */
  readonly status: 400 | 404 | 422;

  constructor(message: string, status: 400 | 404 | 422 = 422) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a table of the user. Its errors are not those of the database: a module or a collation is missing, a view
 * names what is not there, or it takes too long.
 */
export function safely<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OverdueError) throw new NoData("It takes too long to read");
    if (error instanceof UnreadableView) throw new NoData(`It is not read: ${error.message}`);
    // A lock is in the way of every table; damage may be in this one alone.
    if (!(error instanceof SqliteError) || error.code === "busy") throw error;
    throw new NoData(`SQLite cannot read it: ${reasonOf(error)}`);
  }
}

/** The reason without the path of the database. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message.replace(/^[^:]*: /, "");
}
