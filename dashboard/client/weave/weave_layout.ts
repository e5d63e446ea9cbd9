/**
 * Where the cells of the weave lie: rows from left to right and top to bottom, as a weft grows. All lengths
 * are device pixels, so that cells are crisp on every screen.
 *
 * The largest cells are taken with which all tasks fit the height. Cells that would be too small to point at
 * get some more height; when even the smallest do not fit, a cell stands for several tasks.
 *
 * @module
 */

export interface WeaveLayout {
  /** From one cell to the next */
  pitch: number;
  /** Free pixels between two cells */
  gap: number;
  columns: number;
  rows: number;
  /** Tasks of a cell */
  perCell: number;
  /** Number of cells */
  cells: number;
  /** Number of tasks */
  count: number;
}

export interface WeaveRoom {
  width: number;
  /** Height for cells that are handy */
  height: number;
  /** Height for smaller cells */
  most: number;
  /** Least pitch */
  smallest: number;
  /** Least pitch of a cell that is easy to point at */
  handy: number;
  /** Greatest pitch */
  largest: number;
}

/**
 * @param count Number of tasks
 */
export function layOut(
  count: number,
  { width, height, most, smallest, handy, largest }: WeaveRoom,
): WeaveLayout {
  const fits = (pitch: number) =>
    Math.max(1, Math.floor(width / pitch)) *
    Math.max(1, Math.floor((pitch < handy ? most : height) / pitch));
  let pitch = Math.max(smallest, Math.floor(largest));
  while (pitch > smallest && fits(pitch) < count) pitch--;
  const perCell = niceCount(count / fits(pitch));
  const cells = Math.ceil(count / perCell);
  // With fewer tasks than places in a row, only as many columns as there are tasks.
  const columns = Math.max(1, Math.min(Math.floor(width / pitch), Math.max(1, cells)));
  return {
    pitch,
    gap: pitch >= 14 ? Math.round(pitch / 8) : pitch >= 4 ? 1 : 0,
    columns,
    rows: Math.ceil(cells / columns),
    perCell,
    cells,
    count,
  };
}

/** Rounded up to 1, 2, 5, 10, 20, 50 …, so that "1 cell = n tasks" is easy to reckon with. */
function niceCount(least: number) {
  if (least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((step) => step * power).find((nice) => nice >= least - 1e-9) ??
    10 * power;
}

/** The cell at a point, `null` beside the cells. */
export function cellAt(layout: WeaveLayout, x: number, y: number) {
  const column = Math.floor(x / layout.pitch);
  const row = Math.floor(y / layout.pitch);
  if (column < 0 || column >= layout.columns || row < 0) return null;
  const cell = row * layout.columns + column;
  return cell < layout.cells ? cell : null;
}

/** The places of the tasks of a cell. */
export function placesOf(layout: WeaveLayout, cell: number): [from: number, to: number] {
  const from = cell * layout.perCell;
  return [from, Math.min(from + layout.perCell, layout.count)];
}

/** Where a key moves the cursor, `null` for keys that do not. */
export function moveCursor(layout: WeaveLayout, cell: number, key: string) {
  const steps = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -layout.columns,
    ArrowDown: layout.columns,
    PageUp: -layout.columns * 10,
    PageDown: layout.columns * 10,
    Home: -Infinity,
    End: Infinity,
  };
  if (!Object.hasOwn(steps, key)) return null;
  const to = cell + steps[key as keyof typeof steps];
  return Math.max(0, Math.min(layout.cells - 1, to));
}
