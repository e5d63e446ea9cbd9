/**
 * Texts in columns. Where it is known how wide a text is on a terminal, putting cells beside each other is all
 * that is left to do, so no library for tables is needed.
 *
 * @module
 */
import { cut, widthOf } from "../../pipeline/observers/progress/width.ts";
import type { Colorize, Style } from "./colors.ts";

/** A text and how it looks. */
export interface Cell {
  /** The text, without control characters. */
  text: string;
  /** Its style. */
  style?: Style | undefined;
}

/** A column of a table. */
export interface Column {
  /** What stands above it. */
  title?: string;
  /** Columns of the terminal that it may take at most. */
  max?: number;
  /** Whether it gives way, down to this width, when the line is too long. */
  min?: number;
  /** Whether it is left out, the last such first, when the line is too long even so. */
  optional?: boolean;
  /** Whether texts stand at the right, as numbers do. */
  right?: boolean;
}

/** Blanks between two columns. */
const GAP = 2;

/**
 * Lines of a table, each no wider than `width`. Columns are as wide as what is in them; when a line is too
 * long those with a `min` give way, the last first. Where that is not enough the optional ones are left out,
 * and what still does not fit is cut.
 */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, paint }: { width: number; paint: Colorize },
): string[] {
  const titled = columns.some(({ title }) => title)
    ? [columns.map(({ title = "" }): Cell => ({ text: title, style: "dim" })), ...rows]
    : rows;
  const widths = columns.map(({ max = Infinity }, i) =>
    Math.min(max, titled.reduce((widest, row) => Math.max(widest, widthOf(row[i]!.text)), 0))
  );
  const leastWidth = () =>
    widths.reduce((sum, w, i) => {
      const least = Math.min(w, columns[i]!.min ?? w);
      return least > 0 ? sum + least + GAP : sum;
    }, -GAP);
  for (let i = columns.length - 1; i >= 0 && leastWidth() > width; i--) {
    if (columns[i]!.optional) widths[i] = 0;
  }
  let excess = widths.reduce((sum, w) => w > 0 ? sum + w + GAP : sum, -GAP) - width;
  for (let i = columns.length - 1; i >= 0 && excess > 0; i--) {
    const { min } = columns[i]!;
    if (min === undefined) continue;
    const given = Math.max(0, Math.min(excess, widths[i]! - min));
    widths[i]! -= given;
    excess -= given;
  }
  return titled.map((row) => drawRow(row, { columns, widths, width, paint }));
}

function drawRow(
  row: readonly Cell[],
  { columns, widths, width, paint }: {
    columns: readonly Column[];
    widths: readonly number[];
    width: number;
    paint: Colorize;
  },
): string {
  let line = "";
  let used = 0;
  let blanks = 0;
  for (const [i, { text, style }] of row.entries()) {
    const wanted = widths[i]!;
    if (wanted === 0) continue;
    const room = Math.min(wanted, width - used - blanks);
    if (room <= 0) break;
    const shown = cut(text, room);
    const rest = room - widthOf(shown);
    const before = columns[i]!.right ? rest : 0;
    // Blanks are owed, so that no line ends with any.
    if (shown) {
      line += " ".repeat(blanks + before) + paint(style, shown);
      used += blanks + before + widthOf(shown);
      blanks = rest - before + GAP;
    } else {
      blanks += rest + GAP;
    }
  }
  return line;
}

/** Puts texts beside each other, and on as many lines as that takes. */
export function flow(
  cells: readonly Cell[],
  { width, paint, separator = " · " }: { width: number; paint: Colorize; separator?: string },
): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const { text, style } of cells) {
    const shown = cut(text, width);
    const wide = widthOf(shown);
    if (used > 0 && used + separator.length + wide > width) {
      lines.push(line);
      [line, used] = ["", 0];
    }
    if (used > 0) {
      line += paint("dim", separator);
      used += separator.length;
    }
    line += paint(style, shown);
    used += wide;
  }
  return used > 0 ? [...lines, line] : lines;
}
