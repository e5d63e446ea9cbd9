/**
 * What was read a moment ago, as long as nothing was committed since: the export of ten thousand tasks asks as often for
 * their run. Live pages share it for a whole tick, whatever is committed meanwhile: sixty of them may show one run.
 *
 * @module
 */
import type { Reader } from "../reader.ts";

/** Milliseconds for which an answer is good: whether a process lives is not committed. */
const RECENT_MS = 100;

interface Answers {
  version: unknown;
  until: number;
  byKey: Map<string, unknown>;
}

const recentAnswers = new WeakMap<Reader, Answers>();
const tickAnswers = new WeakMap<Reader, Answers>();

/** The tick that is being answered; reads are synchronous, so there is one at most. */
let activeTick: number | undefined;

/** The answer that was read under `key`, or a new one. All who ask share it. */
export function recent<T>(reader: Reader, key: string, read: () => T): T {
  const isTick = activeTick !== undefined;
  const { byKey } = answersOf(isTick ? tickAnswers : recentAnswers, reader, {
    version: isTick ? activeTick : reader.dataVersion,
  });
  if (byKey.has(key)) return byKey.get(key) as T;
  const answer = read();
  byKey.set(key, answer);
  return answer;
}

/** Reads for a tick: what another view has read for it is good. */
export function readAtTick<T>(tick: number, read: () => T): T {
  activeTick = tick;
  try {
    return read();
  } finally {
    activeTick = undefined;
  }
}

function answersOf(
  store: WeakMap<Reader, Answers>,
  reader: Reader,
  { version }: { version: unknown },
): Answers {
  const now = performance.now();
  const kept = store.get(reader);
  if (kept && kept.version === version && now < kept.until) return kept;
  const answers: Answers = { version, until: now + RECENT_MS, byKey: new Map() };
  store.set(reader, answers);
  return answers;
}
