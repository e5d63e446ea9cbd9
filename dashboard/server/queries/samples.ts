/**
 * The past of a run: its counts at some times, and the line that is drawn of them.
 *
 * @module
 */
import type { Run, Sample } from "../../api.ts";
import { endedOf } from "../../../internal/progress.ts";
import type { Reader } from "../reader.ts";
import { memoize } from "./memoize.ts";

/** Points of a sparkline. */
const SPARKLINE_POINTS = 40;

/** Samples that are read at a time: the writer keeps some hundred of a run. */
const MAX_SAMPLES = 10_000;

/** The past of a run after sample `after`, oldest first, with the id of its last sample. */
export function listSamples(
  reader: Reader,
  run: number,
  after = 0,
): { samples: Sample[]; last: number } {
  if (!reader.has("run_samples")) return { samples: [], last: 0 };
  const rows = reader.all(
    `SELECT id, sampled_at, running, done, error, cancelled FROM run_samples
     WHERE run_id = ? AND id > ? ORDER BY id LIMIT ${MAX_SAMPLES}`,
    run,
    after,
  );
  const samples = rows.map((row) => ({
    at: Date.parse(String(row.sampled_at)),
    running: Number(row.running),
    done: Number(row.done),
    error: Number(row.error),
    cancelled: Number(row.cancelled),
  }));
  return { samples, last: Number(rows.at(-1)?.id ?? after) };
}

/** Tasks ended per second in equal parts of a run's life. */
export function sparkline(reader: Reader, run: Run): number[] {
  const draw = () => rates(listSamples(reader, run.id).samples, run);
  // A run that is resumed ends again.
  const { id, finishedAt } = run;
  return finishedAt ? memoize(reader, `sparkline ${id} ${finishedAt}`, draw) : draw();
}

/** The counts between two samples are taken as even: parts of a life need not be as long as the time between samples. */
function rates(samples: Sample[], run: Run): number[] {
  const from = Date.parse(run.startedAt ?? "");
  const to = Date.parse(run.finishedAt ?? run.updatedAt ?? "");
  if (samples.length < 2 || !(to > from)) return [];
  const known = [
    { at: from, ended: 0 },
    ...samples.map((sample) => ({ at: sample.at, ended: endedOf(sample) })),
    { at: to, ended: endedOf(run.counts) },
  ];
  const points = Math.min(SPARKLINE_POINTS, samples.length);
  const width = (to - from) / points;
  const line: number[] = [];
  let next = 1;
  let before = 0;
  for (let part = 1; part <= points; part++) {
    const at = part === points ? to : from + part * width;
    while (next < known.length - 1 && known[next]!.at < at) next++;
    const [a, b] = [known[next - 1]!, known[next]!];
    const share = b.at > a.at ? Math.min(1, Math.max(0, (at - a.at) / (b.at - a.at))) : 1;
    const ended = a.ended + (b.ended - a.ended) * share;
    line.push(Number((Math.max(0, ended - before) / (width / 1000)).toPrecision(3)));
    before = ended;
  }
  return line;
}
