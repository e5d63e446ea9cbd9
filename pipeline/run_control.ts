/**
 * What can be asked of a run while it goes on, whoever asks: its own program, the dashboard beside it, or another
 * process. The last two come through the writer, which has noticed a row in `run_requests`; the first leaves such
 * a row, so that all see what is asked.
 *
 * @module
 */
import type { RequestControlMessage, RunRequest } from "../writer/protocol/control_message.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";

/** Tasks that can be cancelled and queued again; see `scheduler.ts`. */
export interface Controlled {
  /** Cancels a task. Resolves when it has ended. */
  cancel(id: number, reason: Error): Promise<void>;
  /** Queues a task again, or all that failed. Resolves with their number. */
  retry(id?: number): Promise<number>;
}

/** A run whose tasks are known. */
interface Begun {
  run: number | null;
  batchSender: BatchSender;
  tasks: Controlled;
}

/** Why a task or run is cancelled, unless told. */
function cancelled(): Error {
  return new DOMException("Cancelled", "AbortError");
}

/** Carries out what is asked of one run. Its fields belong to the main thread. */
export class RunControl {
  readonly #stop: AbortController;
  readonly #begun = Promise.withResolvers<Begun>();

  /** `stop` is what stops the whole run. */
  constructor(stop: AbortController) {
    this.#stop = stop;
    this.#begun.promise.catch(() => {});
  }

  /** The tasks of the run are known: what was asked before is carried out now. */
  begin(begun: Begun): void {
    this.#begun.resolve(begun);
  }

  /** The run is over, perhaps before it began. */
  end(): void {
    this.#begun.reject(new Error("Cannot control the run: it has ended"));
  }

  /** Cancels the run, at once. */
  stop(reason: Error = cancelled()): void {
    const leave = async () => {
      const begun = await this.#begun.promise;
      await request(begun, { action: "cancel", taskId: null });
    };
    leave().catch(() => {});
    this.#stop.abort(reason);
  }

  /** Cancels a task. Resolves when it has ended. */
  async cancel(id: number, reason: Error = cancelled()): Promise<void> {
    const begun = await this.#begun.promise;
    const asked = request(begun, { action: "cancel", taskId: id });
    await answered(begun, asked, async () => {
      await begun.tasks.cancel(id, reason);
      return "Cancelled";
    });
  }

  /** Queues a task again, or all that failed. Resolves with their number. */
  async retry(id?: number): Promise<number> {
    const begun = await this.#begun.promise;
    const asked = request(begun, { action: "retry", taskId: id ?? null });
    let count = 0;
    await answered(begun, asked, async () => told(count = await begun.tasks.retry(id)));
    return count;
  }

  /** Carries out what somebody else asks for. */
  async carryOut({ id, run, action, taskId }: RunRequest): Promise<void> {
    const begun = await this.#begun.promise;
    if (run !== begun.run) return;
    // The end of the run is the answer.
    if (action === "cancel" && taskId === null) return this.#stop.abort(cancelled());
    await answered(begun, Promise.resolve(id), async () => {
      if (action === "retry") return told(await begun.tasks.retry(taskId ?? undefined));
      // Any program can write rows.
      if (action !== "cancel") throw new TypeError(`Cannot do ${Deno.inspect(action)} to a run`);
      await begun.tasks.cancel(taskId!, cancelled());
      return "Cancelled";
    });
  }
}

/** Leaves a request for all to see, and returns its id. Where there is no table it is only carried out. */
async function request(
  { run, batchSender }: Begun,
  wanted: Pick<RequestControlMessage, "action" | "taskId">,
): Promise<number | undefined> {
  if (run === null) return;
  // What is refused here is refused by what carries it out, too, with a better reason.
  return await batchSender.request({ kind: "request_control", ...wanted, run, own: true })
    .catch(() => undefined);
}

/** Does what was asked, and says what became of it. */
async function answered(
  { batchSender }: Begun,
  asked: Promise<number | undefined>,
  work: () => Promise<string>,
): Promise<void> {
  let answer: string;
  let failure: unknown;
  try {
    answer = await work();
  } catch (thrown) {
    failure = thrown;
    answer = (thrown as Error).message;
  }
  const request = await asked;
  if (request !== undefined) {
    const refused = failure !== undefined;
    // A run that has ended meanwhile has answered it.
    await batchSender.request({ kind: "answer_control", request, refused, answer }).catch(() => {});
  }
  if (failure !== undefined) throw failure;
}

function told(count: number): string {
  return count === 1 ? "1 task is queued again" : `${count} tasks are queued again`;
}
