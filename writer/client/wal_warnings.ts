/**
 * Warns the user of a WAL that readers hold: through the observers of a run, or else on the console.
 *
 * It fills the disk without a task failing, so the warning appears even where no log is configured.
 *
 * @module
 */
import { checkInteger } from "../../internal/validate.ts";
import type { CheckpointBlocked } from "../protocol/writer_worker.ts";

/** Bytes of a WAL that indicate a reader that does not let go: four times the size it is truncated to. */
const WAL_WARN_BYTES = 256 * 1024 * 1024;

/** Bytes of a WAL from which the user is warned. */
export function warnBytesOf(
  { walWarnBytes = WAL_WARN_BYTES }: { walWarnBytes?: number | undefined },
): number {
  if (walWarnBytes === Infinity) return walWarnBytes;
  return checkInteger(walWarnBytes, {
    operation: "open the writer",
    name: "walWarnBytes",
    min: 1,
    remedy: "Pass Infinity to turn the warning off",
  });
}

/** Receives a warning; returns whether the user was notified. */
export type WalListener = (held: CheckpointBlocked, text: string) => boolean;

/** The warnings about the WAL of one writer. */
export class WalWarnings {
  readonly #file: string;
  readonly #listeners = new Set<WalListener>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Listens until it is disposed. */
  listen(listener: WalListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Warns the first listener that accepts it, or else the console. */
  warn(held: CheckpointBlocked): void {
    const text = this.#describe(held);
    for (const listener of this.#listeners) if (listener(held, text)) return;
    console.warn(text);
  }

  #describe({ bytes, since, isSeries }: CheckpointBlocked): string {
    const seconds = Math.round((Date.now() - Date.parse(since)) / 1_000);
    const size = Math.round(bytes / 2 ** 20);
    const remedy = isSeries === undefined
      ? "end a reader that stays in one transaction or leaves a cursor open, and leave a pause between reads that " +
        "follow each other"
      : isSeries
      ? "reads follow each other, or another program that checkpoints begins its next transaction at once; " +
        "leave a pause between them, or let that program checkpoint less often"
      : "end the reader that stays in one transaction or leaves a cursor open, and the WAL becomes short again";
    return `Readers have kept the WAL of ${this.#file} from being emptied for ${seconds} s, and it has ` +
      `${size} MiB by now; ${remedy}`;
  }
}
