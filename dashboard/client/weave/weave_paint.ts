/**
 * Paints cells of the weave into pixels. Pixels are written directly, because a hundred thousand calls of
 * `fillRect` take longer than a frame and the same writes into an array take a millisecond.
 *
 * Statuses differ by shape too where a cell has the room: failed cells carry a cross, cancelled ones
 * stripes, running ones are filled from the left to their progress.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import { progressOf, statusOf, UNREAD } from "./weave_cells.ts";

/** Colours as the 32-bit words of an `ImageData`. */
export interface WeavePalette {
  /** Behind the cells */
  ground: number;
  /** Of what has not been read yet */
  unread: number;
  of: Record<TaskStatus, { full: number; empty: number; mark: number }>;
}

/**
 * @param stride Pixels of a row
 */
export function paintCell(
  pixels: Uint32Array,
  stride: number,
  { x, y, size, code }: { x: number; y: number; size: number; code: number },
  palette: WeavePalette,
) {
  if (code === UNREAD) return hatch(pixels, stride, { x, y, size }, palette);
  const status = statusOf(code);
  const { full, empty, mark } = palette.of[status];
  const filled = filledPixels(status, progressOf(code), size);
  for (let row = 0; row < size; row++) {
    const start = (y + row) * stride + x;
    pixels.fill(full, start, start + filled);
    pixels.fill(empty, start + filled, start + size);
  }
  if (status === "error" && size >= 7) cross(pixels, stride, { x, y, size, filled, full, mark });
  if (status === "cancelled" && size >= 4) stripes(pixels, stride, { x, y, size, colour: mark });
  if (size >= 8) {
    for (const row of [0, size - 1]) {
      for (const column of [0, size - 1]) pixels[(y + row) * stride + x + column] = palette.ground;
    }
  }
}

/**
 * Pixels of a row of the cell that have the full colour. A task that has begun shows at least one, one that has
 * not ended leaves at least one free, as far as there are two.
 */
function filledPixels(status: TaskStatus, progress: number, size: number) {
  if (status === "done" || status === "cancelled") return size;
  const filled = Math.round(progress * size);
  if (status === "queued") return progress > 0 ? Math.max(1, filled) : 0;
  if (status === "running") return Math.max(1, Math.min(filled, size - 1));
  // A failure must not be overlooked: in a tiny cell its colour matters more than its progress.
  return size < 4 ? size : Math.max(1, filled);
}

/** Light where the cell is filled, and the full colour where it is not. */
function cross(
  pixels: Uint32Array,
  stride: number,
  { x, y, size, filled, full, mark }: Record<
    "x" | "y" | "size" | "filled" | "full" | "mark",
    number
  >,
) {
  const edge = Math.floor(size / 4);
  const thick = size >= 14 ? 2 : 1;
  for (let i = edge; i < size - edge; i++) {
    for (let wide = 0; wide < thick; wide++) {
      const column = Math.min(i + wide, size - 1 - edge);
      for (const across of [column, size - 1 - column]) {
        pixels[(y + i) * stride + x + across] = across < filled ? mark : full;
      }
    }
  }
}

function stripes(
  pixels: Uint32Array,
  stride: number,
  { x, y, size, colour }: { x: number; y: number; size: number; colour: number },
) {
  const every = size >= 10 ? 4 : 3;
  const thick = size >= 10 ? 2 : 1;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if ((row + column) % every < thick) pixels[(y + row) * stride + x + column] = colour;
    }
  }
}

/** Single lines with ground between them: nothing that a task could look like. */
function hatch(
  pixels: Uint32Array,
  stride: number,
  { x, y, size }: Record<"x" | "y" | "size", number>,
  { ground, unread }: WeavePalette,
): void {
  for (let row = y; row < y + size; row++) {
    for (let column = x; column < x + size; column++) {
      pixels[row * stride + column] = (row + column) % 4 === 0 ? unread : ground;
    }
  }
}
