/**
 * Work at the times of a schedule, with `Deno.cron` as the clock.
 *
 * What `Deno.cron` of Deno 2.9.6 does, as measured: it fires some milliseconds after the full minute, in UTC;
 * times that pass while the process does not run, or while the handler has not returned, are left out; a handler
 * that throws is called again after 0.1 s, 1 s, 5 s, 30 s and so on; it keeps the process alive until its signal is
 * aborted; a name that is used again soon after that fires twice. So here the handler returns at once and never
 * throws, what overlaps is decided where a run begins, and each registration has a name of its own.
 *
 * @module
 */
import type { CronTimes } from "./cron_expression.ts";

/** `Deno.cron`, which there is with `--unstable-cron` only. */
type DenoCron = (
  name: string,
  schedule: string,
  options: { signal: AbortSignal },
  handler: () => void,
) => Promise<void>;

/** Characters of a pipeline's name that go into that of its cron job, which may have 64. */
const NAME_LENGTH = 48;

/** How work is triggered. */
export interface TriggerOptions {
  /** The pipeline's name. */
  name: string;
  /** Ends it. */
  signal: AbortSignal;
  /** The largest number of works that have not ended; a time that would make it more is left out. */
  most: number;
  /** Told when the next time is, whenever nothing is under way. */
  onScheduled?: (next: Date) => void;
  /** Told that a time was left out. */
  onLeftOut?: () => void;
}

/**
 * Refuses where there is no `Deno.cron`.
 *
 * @throws {Error} Naming the flag, and the line of a crontab that does without; `command` is what it runs
 */
export function checkCron(schedule: string, command: string): void {
  if (typeof denoCron() === "function") return;
  throw new Error(
    `Cannot schedule at ${Deno.inspect(schedule)}: this process has no Deno.cron; run Deno with ` +
      `--unstable-cron, or put a line into a crontab, whose times are local ones: ` +
      `${schedule} cd FOLDER && ${command}`,
  );
}

/**
 * Begins work at each time until the signal is aborted; resolves when all of it has ended. What work or one who is
 * told throws ends it, too, and is thrown when all has ended: nobody else would hear it, and the clock would go on.
 */
export async function atTimes(
  times: CronTimes,
  { name, signal, most, onScheduled, onLeftOut }: TriggerOptions,
  work: () => Promise<void>,
): Promise<void> {
  if (signal.aborted) return;
  const under = new Set<Promise<void>>();
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  let failure: { thrown: unknown } | undefined;
  const fail = (thrown: unknown) => {
    failure ??= { thrown };
    stop.abort();
  };
  const tell = (listener: () => void) => {
    try {
      listener();
    } catch (thrown) {
      fail(thrown);
    }
  };
  const tellNext = () => {
    if (under.size === 0 && !ends.aborted) tell(() => onScheduled?.(times.next()));
  };
  const begin = () => {
    if (ends.aborted) return;
    if (under.size >= most) return tell(() => onLeftOut?.());
    const one = work().catch(fail).finally(() => {
      under.delete(one);
      tellNext();
    });
    under.add(one);
  };
  const plain = name.replaceAll(/[^\w -]/g, "-").slice(0, NAME_LENGTH);
  const job = `${plain} ${crypto.randomUUID().slice(0, 8)}`;
  const ended = denoCron()!(job, times.forDeno, { signal: ends }, begin);
  tellNext();
  await ended;
  await Promise.all(under);
  if (failure) throw failure.thrown;
}

function denoCron(): DenoCron | undefined {
  return (Deno as unknown as { cron?: DenoCron }).cron;
}
