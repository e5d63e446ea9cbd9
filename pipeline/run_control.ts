/**
 * What can be asked of an active run: by its own program, the dashboard beside it, or another
 * process. The last two come through the writer, which has noticed a row in `run_requests`; the first leaves such
 * a row, so that all see the requests.
 *
 * @module
 */
import type { RequestControlMessage, RunRequest } from "../writer/protocol/control_message.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";

/** Tasks that can be cancelled and queued again; see `scheduler.ts`. */
export interface Controlled {
  /** Cancels a task. Resolves when it has ended. */
  cancel(id: number, reason: Error): Promise<void>;
  /** Queues a task again, some, or all that failed. Resolves with their number. */
  retry(tasks?: number | readonly number[]): Promise<number>;
}

/** A run whose tasks are known. */
interface StartedRun {
  run: number | null;
  batchSender: BatchSender;
  tasks: Controlled;
  growth: { add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> };
}

/** Why a task or run is cancelled by default. */
function cancelled(): Error {
  return new DOMException("Cancelled", "AbortError");
}

/** Carries out requests to one run. Its fields belong to the main thread. */
export class RunControl {
  readonly #stop: AbortController;
  readonly #started = Promise.withResolvers<StartedRun>();
  /** The run's id, once its tasks are known; rejected where it ends before that. */
  readonly started: Promise<number | null> = this.#started.promise.then(({ run }) => run);

  /** `stop` is what stops the whole run. */
  constructor(stop: AbortController) {
    this.#stop = stop;
    this.started.catch(() => {});
  }

  /** The tasks of the run are known: earlier requests are carried out now. */
  begin(started: StartedRun): void {
    this.#started.resolve(started);
  }

  /** The run is over, perhaps before it began. */
  end(): void {
    this.#started.reject(new Error("Cannot control the run: it has ended"));
  }

  /** Cancels the run, at once. */
  stop(reason: Error = cancelled()): void {
    const leave = async () => {
      const started = await this.#started.promise;
      await request(started, { action: "cancel", taskId: null });
    };
    leave().catch(() => {});
    this.#stop.abort(reason);
  }

  /** Cancels a task. Resolves when it has ended. */
  async cancel(id: number, reason: Error = cancelled()): Promise<void> {
    const started = await this.#started.promise;
    const asked = request(started, { action: "cancel", taskId: id });
    await answer(started, asked, async () => {
      await started.tasks.cancel(id, reason);
      return "Cancelled";
    });
  }

  /** Queues a task again, or all that failed. Resolves with their number. */
  async retry(id?: number): Promise<number> {
    const started = await this.#started.promise;
    const asked = request(started, { action: "retry", taskId: id ?? null });
    let count = 0;
    await answer(started, asked, async () => requeuedText(count = await started.tasks.retry(id)));
    return count;
  }

  /** Adds items to the run. Resolves with the number of those that are new. */
  async add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> {
    return await (await this.#started.promise).growth.add(items);
  }

  /** Carries out a request of another process. */
  async carryOut({ id, run, action, taskId, taskIds }: RunRequest): Promise<void> {
    const started = await this.#started.promise;
    if (run !== started.run) return;
    // The end of the run is the answer.
    if (action === "cancel" && taskId === null && !taskIds) return this.#stop.abort(cancelled());
    await answer(started, Promise.resolve(id), async () => {
      if (action === "retry") {
        return requeuedText(await started.tasks.retry(taskIds ?? taskId ?? undefined));
      }
      // Any program can write rows.
      if (action !== "cancel") {
        throw new TypeError(`Cannot do ${Deno.inspect(action)} to a run`);
      }
      if (taskIds) return cancelledText(await cancelSome(started.tasks, taskIds));
      await started.tasks.cancel(taskId!, cancelled());
      return "Cancelled";
    });
  }
}

/** Leaves a request for all to see, and returns its id. Where there is no table it is only carried out. */
async function request(
  { run, batchSender }: StartedRun,
  wanted: Pick<RequestControlMessage, "action" | "taskId">,
): Promise<number | undefined> {
  if (run === null) return;
  // What is refused here is refused by what carries it out, too, with a better reason.
  return await batchSender.request({ kind: "request_control", ...wanted, run, own: true })
    .catch(() => undefined);
}

/** Carries out a request and answers it. */
async function answer(
  { batchSender }: StartedRun,
  asked: Promise<number | undefined>,
  work: () => Promise<string>,
): Promise<void> {
  let text: string;
  let failure: unknown;
  try {
    text = await work();
  } catch (thrown) {
    failure = thrown;
    text = (thrown as Error).message;
  }
  const request = await asked;
  if (request !== undefined) {
    const refused = failure !== undefined;
    // A run that has ended meanwhile has answered it.
    await batchSender.request({ kind: "answer_control", request, refused, answer: text }).catch(
      () => {},
    );
  }
  if (failure !== undefined) throw failure;
}

/** Cancels tasks, and returns how many of them are cancelled; others have ended otherwise. */
async function cancelSome(tasks: Controlled, ids: readonly number[]): Promise<number> {
  const ends = await Promise.allSettled(ids.map((id) => tasks.cancel(id, cancelled())));
  return ends.filter(({ status }) => status === "fulfilled").length;
}

function cancelledText(count: number): string {
  return count === 1 ? "1 task is cancelled" : `${count} tasks are cancelled`;
}

function requeuedText(count: number): string {
  return count === 1 ? "1 task is queued again" : `${count} tasks are queued again`;
}
