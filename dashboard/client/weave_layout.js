// @ts-check
/**
 * Where the cells of the weave lie: rows from left to right and top to bottom, as a weft grows. All lengths
 * are device pixels, so that cells are crisp on every screen.
 *
 * The largest cells are taken with which all tasks fit the height. Cells that would be too small to point at
 * get some more height; when even the smallest do not fit, a cell stands for several tasks.
 *
 * @module
 */

/**
 * @typedef {object} WeaveLayout
 * @property {number} pitch From one cell to the next
 * @property {number} gap Free pixels between two cells
 * @property {number} columns
 * @property {number} rows
 * @property {number} perCell Tasks of a cell
 * @property {number} cells Number of cells
 * @property {number} count Number of tasks
 */

/**
 * @typedef {object} WeaveRoom
 * @property {number} width
 * @property {number} height Height for cells that are handy
 * @property {number} most Height for smaller cells
 * @property {number} smallest Least pitch
 * @property {number} handy Least pitch of a cell that is easy to point at
 * @property {number} largest Greatest pitch
 */

/**
 * @param {number} count Number of tasks
 * @param {WeaveRoom} room
 * @returns {WeaveLayout}
 */
export function layOut(count, { width, height, most, smallest, handy, largest }) {
  const fits = (/** @type {number} */ pitch) =>
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

/**
 * Rounded up to 1, 2, 5, 10, 20, 50 …, so that "1 cell = n tasks" is easy to reckon with.
 *
 * @param {number} least
 */
function niceCount(least) {
  if (least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((step) => step * power).find((nice) => nice >= least - 1e-9) ??
    10 * power;
}

/**
 * The cell at a point, `null` beside the cells.
 *
 * @param {WeaveLayout} layout
 * @param {number} x
 * @param {number} y
 */
export function cellAt(layout, x, y) {
  const column = Math.floor(x / layout.pitch);
  const row = Math.floor(y / layout.pitch);
  if (column < 0 || column >= layout.columns || row < 0) return null;
  const cell = row * layout.columns + column;
  return cell < layout.cells ? cell : null;
}

/**
 * The places of the tasks of a cell.
 *
 * @param {WeaveLayout} layout
 * @param {number} cell
 * @returns {[from: number, to: number]}
 */
export function placesOf(layout, cell) {
  const from = cell * layout.perCell;
  return [from, Math.min(from + layout.perCell, layout.count)];
}

/**
 * Where a key moves the cursor, `null` for keys that do not.
 *
 * @param {WeaveLayout} layout
 * @param {number} cell
 * @param {string} key
 */
export function moveCursor(layout, cell, key) {
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
  const to = cell + steps[/** @type {keyof typeof steps} */ (key)];
  return Math.max(0, Math.min(layout.cells - 1, to));
}
