/**
 * The names that coordinators and workers have in NATS: subjects, the stream, and who is who. All of them begin
 * with one prefix, so that the permissions of a worker are a short list.
 *
 * ```text
 * <prefix>.hello              coordinators → all workers: a run is there, or has ended
 * <prefix>.worker             workers → all coordinators: a worker is there
 * <prefix>.up.<run>.<link>    a worker → the coordinator of a run
 * <prefix>.down.<link>        the coordinator → that worker
 * <prefix>.job.<run>          the stream of offers, one consumer at a time for each run
 * ```
 *
 * `<run>` is one start of a coordinator, `<link>` is one worker in it; both are random and never used again.
 *
 * @module
 */
import { hostname } from "node:os";

/** The prefix by default. */
export const PREFIX = "pipeloom";

/** The subjects and names under one prefix. */
export interface Names {
  readonly hello: string;
  readonly worker: string;
  /** The stream, and the subjects in it. */
  readonly stream: string;
  readonly jobs: string;
  /** The subject of a run's offers. */
  job(run: string): string;
  /** The subject of a worker's messages to a coordinator. */
  up(run: string, link: string): string;
  /** The subject of a coordinator's messages to a worker. */
  down(link: string): string;
  /** The consumer of a run: the first, or one that was made when the server had lost another. */
  consumer(run: string, generation: number): string;
  /** The run that a consumer is of. */
  runOf(consumer: string): string;
  /** Where a worker asks for offers. */
  pull(consumer: string): string;
  /** Whether a subject is under the prefix. */
  has(subject: string): boolean;
  /** The subjects that a user is given, of which this is one. */
  permission(subject: string): string;
}

/** The names under a prefix. */
export function namesUnder(prefix: string): Names {
  const stream = prefix.replaceAll(".", "_");
  return {
    hello: `${prefix}.hello`,
    worker: `${prefix}.worker`,
    stream,
    jobs: `${prefix}.job.*`,
    job: (run) => `${prefix}.job.${run}`,
    up: (run, link) => `${prefix}.up.${run}.${link}`,
    down: (link) => `${prefix}.down.${link}`,
    consumer: (run, generation) => `${run}-${generation}`,
    runOf: (consumer) => consumer.split("-")[0]!,
    pull: (consumer) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    has: (subject) => subject.startsWith(`${prefix}.`),
    permission(subject) {
      const groups = [`${prefix}.up.`, `${prefix}.down.`, `${prefix}.job.`, `$JS.ACK.${stream}.`];
      const group = [...groups, `$JS.API.CONSUMER.MSG.NEXT.${stream}.`]
        .find((start) => subject.startsWith(start));
      return group === undefined ? subject : `${group}>`;
    },
  };
}

/** A name that was never used before and never will be. */
export function uniqueName(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}

/** The name of this machine, where it may be read. */
export function machineName(): string {
  try {
    return hostname();
  } catch {
    return "a machine";
  }
}
