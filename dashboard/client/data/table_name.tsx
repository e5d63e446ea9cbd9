/**
 * The name of a table, and how many rows it has, in words.
 *
 * @module
 */
import type { RowCount } from "../../api.ts";
import { formatCount } from "../../../internal/units.ts";
import { SafeText } from "../components/safe_text.tsx";

/** The name of a table, which may be nothing. */
export function TableName({ name }: { name: string }) {
  return name === "" ? <i>(no name)</i> : <SafeText text={name} limit={120} />;
}

/** Such as "812" or "about 1,000,000". */
export function countText(count: RowCount | null): string {
  if (!count) return "–";
  return `${count.isExact ? "" : "about "}${formatCount(count.rows)}`;
}
