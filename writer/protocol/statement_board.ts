/**
 * Which statement the writer is in, for another thread to see while the writer's own is busy with it.
 *
 * SQLite leaves a statement when that has ended, and `node:sqlite` cannot interrupt it. So a statement without end,
 * such as a recursion, holds the writer's thread, which then answers nothing: what it is doing can only be read from
 * memory that both threads share.
 *
 * @module
 */
import type {
  ExecuteMessage,
  InsertMessage,
  StatementMessage,
  TransactionMessage,
  WriteMessage,
} from "./write_message.ts";

/** Bytes of the text that are kept. */
const TEXT_BYTES = 1_000;

/** Bytes before the text: how many statements have begun, the length of the text, and the task. */
const HEAD_BYTES = 16;

/** A statement that the writer is in. */
export interface CurrentStatement {
  /** Which one: another number is another statement. */
  number: number;
  /** The beginning of its text. */
  sql: string;
  /** The task that sent it. */
  task: number | undefined;
}

/** Memory that the writer notes its statement in, and others read. */
export class StatementBoard {
  /** What is shared. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #task: Float64Array;
  readonly #text: Uint8Array;
  readonly #encoder = new TextEncoder();

  /** Another thread passes the memory on. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + TEXT_BYTES)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, 2);
    this.#task = new Float64Array(memory, 8, 1);
    this.#text = new Uint8Array(memory, HEAD_BYTES);
  }

  /** The writer begins a statement. */
  enter(sql: string, task: number | undefined): void {
    this.#task[0] = task ?? -1;
    const { written } = this.#encoder.encodeInto(sql.slice(0, TEXT_BYTES), this.#text);
    Atomics.store(this.#numbers, 1, written);
    Atomics.add(this.#numbers, 0, 1);
  }

  /** The writer is in no statement that could be without end. */
  leave(): void {
    Atomics.store(this.#numbers, 1, 0);
  }

  /** The statement that the writer is in. */
  read(): CurrentStatement | undefined {
    const bytes = Atomics.load(this.#numbers, 1);
    if (bytes === 0) return undefined;
    const task = this.#task[0]!;
    return {
      number: Atomics.load(this.#numbers, 0),
      // A copy, because shared memory is not decoded.
      sql: new TextDecoder().decode(this.#text.slice(0, bytes)),
      task: task < 0 ? undefined : task,
    };
  }
}

/** Whether a message carries rows or statements of the user, which the board shows by themselves. */
export function isOfUser(
  message: WriteMessage,
): message is InsertMessage | ExecuteMessage | StatementMessage | TransactionMessage {
  return ["insert", "execute", "statement", "transaction"].includes(message.kind);
}
