/**
 * Two kinds of plots as SVG: bars, and lines over sizes, both on a logarithmic scale. Their colours are legible on light and
 * on dark pages; text follows the reader's colour scheme.
 *
 * @module
 */

/** One bar. */
export interface Bar {
  label: string;
  value: number;
  /** The figure in words, at the bar's end. */
  text: string;
  /** Where a mark stands: the target. */
  mark?: number | undefined;
  /** Whether it is drawn in the second colour. */
  isOther?: boolean;
}

/** One line. */
export interface Line {
  label: string;
  /** Its points: a size and a value above zero. */
  points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 800;
const COLORS = [
  "#2f81f7",
  "#d97706",
  "#2da44e",
  "#a371f7",
  "#dc4c58",
  "#0f9bb0",
  "#9a7d0a",
  "#7d8590",
  "#c04f9e",
  "#5a67d8",
];

const STYLE =
  `text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:14px}
.dim{fill:#59636e}.grid{stroke:#d1d9e0}.mark{stroke:#1f2328;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.dim{fill:#9198a1}.grid{stroke:#3d444d}.mark{stroke:#f0f6fc}}`;

/** Horizontal bars. */
export function bars(title: string, list: readonly Bar[]): string {
  const [left, right, top, step] = [370, 120, 44, 24];
  const values = list.flatMap(({ value, mark }) => [value, mark ?? value]);
  const scale = logScale(values, { from: left, to: WIDTH - right, roundsLow: true });
  const height = top + list.length * step + 26;
  const bottom = height - 22;
  const grid = scale.ticks.map((tick) => {
    const x = round(scale.at(tick));
    return `<path class="grid" d="M${x} ${top - 8}V${bottom}"/>` +
      text(x, bottom + 14, short(tick), `class="dim" text-anchor="middle"`);
  });
  const rows = list.map(({ label, value, text: words, mark, isOther }, n) => {
    const y = top + n * step;
    const end = round(scale.at(value));
    const x = mark === undefined ? 0 : round(scale.at(mark));
    return text(left - 8, y + 12, label, `text-anchor="end"`) +
      `<path fill="${COLORS[isOther ? 1 : 0]}" d="M${left} ${y}H${end}v16H${left}z"/>` +
      (mark === undefined ? "" : `<path class="mark" d="M${x} ${y - 3}v22"/>`) +
      text(Math.max(end, x) + 6, y + 12, words);
  });
  return svg(title, height, [...grid, ...rows]);
}

/** Lines over sizes. */
export function lines(title: string, list: readonly Line[], unit: string): string {
  const [left, right, top, bottom] = [56, 290, 44, 330];
  const points = list.flatMap(({ points }) => points);
  const across = logScale(points.map(([x]) => x), { from: left, to: WIDTH - right });
  const up = logScale(points.map(([, y]) => y), { from: bottom, to: top, roundsLow: true });
  const grid = [
    ...up.ticks.map((tick) => {
      const y = round(up.at(tick));
      return `<path class="grid" d="M${left} ${y}H${WIDTH - right}"/>` +
        text(left - 6, y + 4, `${short(tick)} ${unit}`, `class="dim" text-anchor="end"`);
    }),
    ...across.ticks.map((tick) =>
      text(round(across.at(tick)), bottom + 18, short(tick), `class="dim" text-anchor="middle"`)
    ),
  ];
  const drawn = list.map(({ points }, n) => {
    const path = points.map(([x, y], i) =>
      `${i ? "L" : "M"}${round(across.at(x))} ${round(up.at(y))}`
    );
    const dashes = n < COLORS.length ? "" : ' stroke-dasharray="6 3"';
    return `<path fill="none" stroke="${color(n)}" stroke-width="2"${dashes} d="${
      path.join("")
    }"/>` +
      points.map(([x, y]) =>
        `<circle r="3" fill="${color(n)}" cx="${round(across.at(x))}" cy="${round(up.at(y))}"/>`
      ).join("");
  });
  // Names stand at the ends of their lines, moved apart where these are close.
  let free = top;
  const names = list.map(({ label, points }, n) => ({ label, n, y: up.at(points.at(-1)![1]) }))
    .sort((a, b) => a.y - b.y).map(({ label, n, y }) => {
      const at = Math.max(free, y + 4);
      free = at + 15;
      return text(WIDTH - right + 10, round(at), label, `style="fill:${color(n)}"`);
    });
  return svg(title, Math.max(bottom + 30, free), [...grid, ...drawn, ...names]);
}

/** Where values lie on a logarithmic scale, whose ticks are powers of ten. */
function logScale(
  values: readonly number[],
  { from, to, roundsLow = false }: { from: number; to: number; roundsLow?: boolean },
) {
  const logs = values.map(Math.log10);
  const low = roundsLow ? Math.floor(Math.min(...logs)) : Math.min(...logs);
  const high = Math.max(low + 0.1, ...logs);
  const ticks: number[] = [];
  for (let power = Math.ceil(low); power <= high + 0.001; power++) ticks.push(10 ** power);
  return {
    ticks,
    at: (value: number) => from + (Math.log10(value) - low) / (high - low) * (to - from),
  };
}

function color(n: number): string {
  return COLORS[n % COLORS.length]!;
}

function svg(title: string, height: number, parts: readonly string[]): string {
  const size = `width="${WIDTH}" height="${Math.ceil(height)}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${WIDTH} ${
    Math.ceil(height)
  }" role="img">`;
  const all = [
    `<title>${escape(title)}</title><style>${STYLE}</style>`,
    text(8, 20, title, `class="title"`),
    ...parts,
  ];
  return `${head}\n${all.join("\n")}\n</svg>\n`;
}

function text(x: number, y: number, words: string, attributes = ""): string {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${escape(words)}</text>`;
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** A power of ten in a few characters. */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : `${Number(value.toPrecision(1))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
