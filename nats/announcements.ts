/**
 * Announcements of coordinators and workers. They are JSON, so that each side can read the version of the other;
 * malformed ones are ignored.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Hello, WorkerBeat } from "./protocol.ts";

/** Publishes an announcement. */
export function announce(connection: Connection, subject: string, what: Hello | WorkerBeat): void {
  connection.publish(subject, JSON.stringify(what));
}

/** Where announcements come, and where the errors of their listener go. */
export interface AnnouncementOptions {
  connection: Connection;
  subject: string;
  failed: (error: Error) => void;
}

/** Takes what coordinators announce. */
export function onHello(options: AnnouncementOptions, listener: (hello: Hello) => void) {
  return listen(options, (what) => isHello(what) && listener(what));
}

/** Takes what workers announce. */
export function onWorker(options: AnnouncementOptions, listener: (beat: WorkerBeat) => void) {
  return listen(options, (what) => isBeat(what) && listener(what));
}

function listen(
  { connection, subject, failed }: AnnouncementOptions,
  listener: (what: object) => void,
): Disposable {
  return connection.subscribe(subject, (message) => listener(read(message.string())), failed);
}

function read(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isHello(what: Partial<Hello>): what is Hello {
  if (typeof what.run !== "string") return false;
  return what.kind === "bye" || (what.kind === "run" && typeof what.module?.version === "string");
}

function isBeat(what: Partial<WorkerBeat>): what is WorkerBeat {
  const { id, name, modules } = what;
  return typeof id === "string" && typeof name === "string" && Array.isArray(modules);
}
