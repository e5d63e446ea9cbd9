/**
 * What coordinators and workers send each other.
 *
 * The stream holds offers only: the id of a task, and which offer of it this is. Items, rows and ends travel on the
 * link between a worker and its coordinator, so nothing of a user's data is stored by the server.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import type { ErrorData } from "../errors.ts";
import type { LogLevel } from "../internal/log_level.ts";
import type { Identities } from "../pipeline/executor/added_items.ts";
import type { Attempt } from "../pipeline/scheduler/retry_policy.ts";
import type { TaskOutcome } from "../pipeline/executor/task_runner.ts";
import type { PortReply, PortRequest } from "../writer/protocol/sender_port.ts";

/** The version of this package: what crosses is its own, down to the writer's messages, so both sides have the same. */
export const VERSION: string = config.version;

/** Milliseconds between two signs of life. */
export const BEAT_MS = 3_000;

/** A module of tasks, by its file name and the hash of its source. */
export interface ModuleVersion {
  name: string;
  version: string;
}

/** A coordinator is there, with a run for which it needs workers. Sent at the beginning, and as a sign of life. */
export interface RunHello {
  kind: "run";
  /** The version of this package. */
  version: string;
  /** One start of the coordinator. */
  run: string;
  /** The name of the pipeline's run. */
  name: string;
  /** Its machine. */
  machine: string;
  module: ModuleVersion;
  /** Milliseconds after which a silent offer is given to another worker. */
  leaseMs: number;
  /** Milliseconds between two signs of life. */
  beatMs: number;
}

/** The run has ended. */
export interface RunBye {
  kind: "bye";
  run: string;
}

/** What coordinators send to all workers. */
export type Hello = RunHello | RunBye;

/** A worker is there. Sent at the beginning, and as a sign of life. */
export interface WorkerBeat {
  /** One start of the worker. */
  id: string;
  /** What people call it: its machine and its process, and which of them it is in that. */
  name: string;
  machine: string;
  /** The version of this package. */
  version: string;
  /** How many tasks it runs at once; 0 when it is ending. */
  slots: number;
  modules: ModuleVersion[];
}

/** Which offer of which task it is. */
export interface OfferId {
  id: number;
  offer: number;
}

/** Which claim of which task it is; a worker never uses the number of a claim again. */
export interface ClaimId {
  id: number;
  claim: number;
}

/** What a worker sends to the coordinator of a run. */
export type UpMessage =
  /** It takes part; the first message of a link. */
  | { kind: "join"; beat: WorkerBeat }
  /** It has loaded the module and takes offers. */
  | { kind: "ready"; slots: number }
  /** It cannot load the module. */
  | { kind: "unfit"; error: ErrorData }
  /** How many tasks it would claim beyond its slots, so that each slot has its next task when one returns. */
  | { kind: "ahead"; tasks: number }
  /** The server has no such consumer. */
  | { kind: "misses"; consumer: string }
  /** It takes no more offers. */
  | { kind: "leaving" }
  /** It has ended or given back all that it held. */
  | { kind: "left" }
  /** It was given an offer, and has a slot for it, or will soon. */
  | ({ kind: "claim" } & OfferId & ClaimId)
  /** The task has returned: its slot is free. */
  | ({ kind: "returned" } & ClaimId)
  /** The task has ended, and all that it sent is committed. */
  | ({ kind: "ended"; outcome: TaskOutcome } & ClaimId)
  /** The task will be offered to another worker; its rows came from this port, if it was begun. */
  | ({ kind: "gave_back"; port: number | undefined } & ClaimId)
  /** All claims that it has; the coordinator ends those that it does not know, and offers again what is missing. */
  | { kind: "holds"; claims: ClaimId[] }
  | { kind: "progressed"; id: number; fraction: number | undefined; note: string | undefined }
  | {
    kind: "logged";
    id: number;
    name: string;
    key: string | null;
    level: LogLevel;
    message: string;
  }
  /** The run cannot continue. */
  | { kind: "failed"; error: ErrorData }
  /** A task is about to add tasks, or has. */
  | { kind: "added"; id: number }
  /** Asks for names and keys of items that a task adds. */
  | { kind: "identify"; question: number; items: readonly unknown[] }
  /** What a sender posted to the writer. */
  | { kind: "port"; port: number; request: PortRequest }
  /** A sender was ended: nothing more is taken from it. */
  | { kind: "disconnect"; port: number };

/** What a run is for a worker. */
export interface Welcome {
  kind: "welcome";
  /** The run, as `pipeline_runs.id`. */
  run: number | null;
  /** Name of the export. */
  export: string | undefined;
  /** Where the run has stages, the exports that they run, by their names. */
  exports?: Readonly<Record<string, string>> | undefined;
  args: Readonly<Record<string, unknown>> | undefined;
  atomic: boolean;
  /** Whether reported ends include what tasks returned. */
  keepsResults?: boolean | undefined;
  /** Whether the coordinator names the items that its tasks add. */
  asksIdentity: boolean;
  graceMs: number;
  loadMs: number;
  /** Whether it reports what its tasks log, and their progress. */
  watch: boolean;
}

/** Lets a task begin that was claimed. */
export interface Go extends ClaimId {
  kind: "go";
  name: string;
  key: string | null;
  attempt: Attempt | undefined;
  /** Which stage runs it, where the run has stages. */
  stage: string | undefined;
  /** The item, as bytes. */
  item: Uint8Array;
  /** The span that it belongs to, as a `traceparent`. */
  trace: string | undefined;
}

/** What a coordinator sends to a worker. */
export type DownMessage =
  | Welcome
  /** The consumer of the stream from which offers are pulled. */
  | { kind: "pull_from"; consumer: string }
  | Go
  /** The task does not run here, or not any more: it has ended, or another worker has it. */
  | ({ kind: "drop" } & ClaimId)
  /** The end of the task has been noted. */
  | ({ kind: "over" } & ClaimId)
  | { kind: "identified"; question: number; identities?: Identities; error?: ErrorData }
  | { kind: "cancel"; id: number; reason: ErrorData }
  | { kind: "abort"; reason: ErrorData }
  | { kind: "port"; port: number; reply: PortReply }
  /** The run has ended. */
  | { kind: "finish" };
