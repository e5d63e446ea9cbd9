/**
 * Messages about requests to an active run, and their answers.
 *
 * @module
 */

/** What can be asked of an active run. */
export type ControlAction = "cancel" | "retry";

/** Asks for something of an active run, in whichever process. Answered with the id of the request. */
export interface RequestControlMessage {
  /** The kind of message. */
  kind: "request_control";
  /** What to do. */
  action: ControlAction;
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`; `null` for the whole run, or all that failed in it. */
  taskId: number | null;
  /** Some tasks of it, in place of one. */
  taskIds?: readonly number[];
  /** Whether the sender carries it out itself. */
  own?: true;
}

/** Reports the outcome of a request. */
export interface AnswerControlMessage {
  /** The kind of message. */
  kind: "answer_control";
  /** The request, as `run_requests.id`. */
  request: number;
  /** Whether it was not done. */
  refused: boolean;
  /** What was done or why not, for people. */
  answer: string;
}

/** A request to an active run. */
export interface RunRequest {
  /** The request, as `run_requests.id`. */
  id: number;
  /** What to do. */
  action: ControlAction;
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`; `null` for the whole run, or all that failed in it. */
  taskId: number | null;
  /** Some tasks of it, in place of one. */
  taskIds?: readonly number[] | undefined;
}
