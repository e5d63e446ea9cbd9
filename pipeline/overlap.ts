/**
 * Two runs of one pipeline at the same time: allowed, refused, or one after the other.
 *
 * Which runs there are is decided by the writer, in the transaction that begins a run (`overlap_store.ts`), so
 * that of two that begin at once only one does. A run that has to wait does so here: no lock is held
 * meanwhile, and a few times a second the writer looks, without writing, whether it is worth another try. That
 * costs a reading of the short table of runs. Rejected: waiting for the owner's lock file (a writer that runs
 * many pipelines never lets go of it, and such a wait cannot be called off), and a list of who waits (what a
 * killed waiter leaves there holds up all others).
 *
 * @module
 */
import { OverlapError } from "../errors.ts";
import type { RunStarted, StartRunMessage } from "../writer/protocol/run_message.ts";
import { checkChoice } from "../internal/validate.ts";
import { rewrittenText } from "../internal/rewritten_text.ts";
import type { RunObserver } from "./observers/run_observer.ts";
import { delay } from "../internal/delay.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";

/** Milliseconds between two looks at the runs in the way. */
const LOOK_MS = 250;

/**
 * What becomes of a run while another of its name is active in the same database, in this process or
 * another: it runs beside it (`allow`), is not begun (`refuse`), or is begun when the other has ended (`queue`).
 */
export type Overlap = "allow" | "refuse" | "queue";

/** All of them. */
export const OVERLAPS: readonly Overlap[] = ["allow", "refuse", "queue"];

/** How a run is begun. */
export interface StartOptions {
  /** What to do with another run of this name. */
  overlap?: "allow" | "refuse" | "queue" | undefined;
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Receives the run that is waited for, and what other programs have done to the tasks of a resumed run. */
  observer?: Pick<RunObserver, "waits" | "rewritten"> | undefined;
}

/**
 * Refuses an unknown choice, and one that needs the table of runs where there is none.
 *
 * @throws {TypeError} If it is refused
 */
export function checkOverlap(
  { overlap = "allow" }: { overlap?: Overlap | undefined },
  storeTaskStatus: boolean,
): void {
  checkChoice(overlap, { operation: "run the pipeline", name: "overlap", choices: OVERLAPS });
  if (overlap !== "allow" && !storeTaskStatus) {
    throw new TypeError(
      `Cannot run the pipeline: overlap "${overlap}" needs storeTaskStatus, which identifies active ` +
        `runs. Leave storeTaskStatus out, or pass overlap: "allow"`,
    );
  }
}

/** Begins a run, unless it was stopped while it waited for another one, and returns whether it waited. */
export async function startInTurn(
  batchSender: BatchSender,
  message: () => StartRunMessage,
  { overlap = "allow", signal, observer }: StartOptions,
): Promise<{ started?: RunStarted; waited: boolean }> {
  const alone = overlap === "allow" ? {} : { alone: true };
  let reported: string | undefined;
  for (;;) {
    const start = { ...message(), ...alone };
    try {
      const started = await batchSender.request(start);
      const text = rewrittenText(started);
      if (text) observer?.rewritten?.(text);
      return { started, waited: reported !== undefined };
    } catch (error) {
      if (overlap !== "queue" || !(error instanceof OverlapError)) throw error;
    }
    for (;;) {
      if (signal.aborted) return { waited: true };
      const run = await batchSender.query({ kind: "blocking_run", name: start.name });
      if (run === undefined) break;
      if (run !== reported) observer?.waits?.(run);
      reported = run;
      await delay(LOOK_MS, signal);
    }
  }
}
