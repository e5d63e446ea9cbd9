/**
 * The weave on its canvas: keeps the pixels, and paints in each frame what has changed since the last.
 *
 * @module
 */
import type { WeaveBlock } from "../../api.ts";
import { WeaveCells } from "./weave_cells.ts";
import { cellAt, layOut, placesOf, type WeaveLayout, type WeaveRoom } from "./weave_layout.ts";
import { paintCell, type WeavePalette } from "./weave_paint.ts";
import { STATUSES, type TaskStatus } from "../lib/statuses.ts";
import { colour } from "../lib/theme.ts";

/** Sizes of a cell with its gap, in CSS pixels. */
const SMALLEST = 2;
const HANDY = 6;
const LARGEST = 24;

export class WeaveView {
  /** The tasks. */
  cells = new WeaveCells();
  /** Where they lie, in device pixels; `null` until the size is known. */
  layout: WeaveLayout | null = null;
  /** Device pixels of a CSS pixel. */
  scale = 1;

  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #pixels: Uint32Array = new Uint32Array();
  #palette: WeavePalette | null = null;
  #room: WeaveRoom | null = null;
  /** Tasks of the run, read or not. */
  #total = 0;
  /** Height that the field keeps free, in device pixels: what grows must not push the page about. */
  #reserved = 0;
  readonly #dirty = new Set<number>();
  #all = true;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false })!;
  }

  /** Stops drawing. */
  close(): void {
    cancelAnimationFrame(this.#frame);
  }

  /** Fits the cells into a room in CSS pixels, `most` being the height for many of them. */
  resize(width: number, height: number, most: number): void {
    // A box that is not shown has no width; it is measured again when it is.
    if (width < 1) return;
    const scale = Math.max(1, globalThis.devicePixelRatio || 1);
    this.scale = scale;
    this.#room = {
      width: Math.floor(width * scale),
      height: Math.floor(height * scale),
      most: Math.floor(most * scale),
      smallest: Math.round(SMALLEST * scale),
      handy: Math.round(HANDY * scale),
      largest: Math.round(LARGEST * scale),
    };
    this.#reserved = 0;
    this.#layOut();
  }

  /** Takes new blocks of a run that has `total` tasks. */
  update(blocks: WeaveBlock[], total: number): void {
    const changed = this.cells.update(blocks);
    this.#total = total;
    if (this.layout?.count !== this.#count) return this.#layOut();
    for (const [from, to] of changed) {
      const last = Math.floor((to - 1) / this.layout.perCell);
      for (let cell = Math.floor(from / this.layout.perCell); cell <= last; cell++) {
        this.#dirty.add(cell);
      }
    }
    this.#wake();
  }

  /** Reads the theme's colours again; with a filter, other statuses step back. */
  paint(filter: readonly TaskStatus[]): void {
    const ground = colour("weave-ground");
    const of = {} as WeavePalette["of"];
    for (const status of STATUSES) {
      const part = filter.length === 0 || filter.includes(status) ? 1 : 0.16;
      const full = mix(ground, colour(`weave-${status}`), part);
      of[status] = {
        full: word(status === "queued" ? mix(ground, colour("weave-done"), part) : full),
        empty: word(
          status === "queued" ? full : mix(ground, colour(`weave-${status}`), part * 0.38),
        ),
        mark: word(mix(full, ground, 0.72)),
      };
    }
    const unread = word(colour("weave-unread"));
    this.#palette = { ground: word(ground), unread, of };
    this.#all = true;
    this.#wake();
  }

  /** The cell at a point of the canvas in CSS pixels. */
  cellAt(x: number, y: number): number | null {
    return this.layout && cellAt(this.layout, x * this.scale, y * this.scale);
  }

  /** Place and size of a cell in CSS pixels. */
  boxOf(cell: number): { x: number; y: number; size: number } {
    const { columns, pitch, gap } = this.layout!;
    return {
      x: (cell % columns) * pitch / this.scale,
      y: Math.floor(cell / columns) * pitch / this.scale,
      size: (pitch - gap) / this.scale,
    };
  }

  #layOut(): void {
    if (!this.#room) return;
    const layout = layOut(this.#count, this.#room);
    const width = this.#room.width;
    const height = Math.max(1, layout.rows * layout.pitch);
    if (this.#canvas.width !== width || this.#canvas.height !== height || !this.#image) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#canvas.style.height = `${height / this.scale}px`;
      this.#image = this.#context.createImageData(width, height);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    this.layout = layout;
    this.#reserve(height);
    this.#all = true;
    this.#wake();
  }

  get #count(): number {
    return Math.max(this.#total, this.cells.count);
  }

  /** Keeps room for a weave that grows: in two steps, not by each row. */
  #reserve(height: number): void {
    const { height: usual, most } = this.#room!;
    if (height <= this.#reserved) return;
    const grows = this.#reserved > 1;
    this.#reserved = !grows ? height : height <= usual ? usual : Math.max(most, height);
    this.#canvas.parentElement!.style.minHeight = `${this.#reserved / this.scale}px`;
  }

  #wake(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { layout } = this;
    if (!layout || !this.#palette) return;
    if (this.#all) {
      this.#pixels.fill(this.#palette.ground);
      for (let cell = 0; cell < layout.cells; cell++) this.#drawCell(cell);
      this.#context.putImageData(this.#image!, 0, 0);
    } else if (this.#dirty.size > 0) {
      let top = Infinity;
      let bottom = 0;
      for (const cell of this.#dirty) {
        if (cell >= layout.cells) continue;
        const row = this.#drawCell(cell);
        top = Math.min(top, row);
        bottom = Math.max(bottom, row);
      }
      const { width } = this.#image!;
      const height = (bottom - top + 1) * layout.pitch;
      if (height > 0) {
        this.#context.putImageData(this.#image!, 0, 0, 0, top * layout.pitch, width, height);
      }
    }
    this.#all = false;
    this.#dirty.clear();
  }

  /** Draws a cell and returns its row. */
  #drawCell(cell: number): number {
    const { columns, pitch, gap } = this.layout!;
    const row = Math.floor(cell / columns);
    const code = this.cells.merged(...placesOf(this.layout!, cell));
    const place = { x: (cell % columns) * pitch, y: row * pitch, size: pitch - gap, code };
    paintCell(this.#pixels, this.#image!.width, place, this.#palette!);
    return row;
  }
}

/** A colour between two, as `#rrggbb`. */
function mix(from: string, to: string, part: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [channel(from, at), channel(to, at)];
    return Math.round(a + (b - a) * part).toString(16).padStart(2, "0");
  });
  return `#${channels.join("")}`;
}

/** A colour as the 32-bit word of its pixel: every machine that runs a browser is little-endian. */
function word(text: string): number {
  const [r, g, b] = [channel(text, 1), channel(text, 3), channel(text, 5)];
  return (0xff000000 | b << 16 | g << 8 | r) >>> 0;
}

function channel(text: string, at: number): number {
  return Number.parseInt(text.slice(at, at + 2), 16);
}
