/**
 * Sends a notification of each run that has ended to an address: JSON, signed, and again after a while where it was not
 * taken.
 *
 * A redirect is never followed: the address that was given is the only one that is called, so that its server cannot
 * lead to another one inside this network. The answer is not read. Neither the secret nor the address, which may hold
 * one, is printed: only its origin is.
 *
 * @module
 */
import { delay } from "../../internal/delay.ts";
import { isoNow } from "../../internal/timestamps.ts";
import type { Run } from "../../dashboard/api.ts";
import { CommandError } from "../terminal/failure.ts";

/** Milliseconds before each further attempt. */
const WAITS_MS = [1_000, 10_000, 60_000, 300_000];

/** Milliseconds that an answer may take. */
const ANSWER_MS = 10_000;

/** Notifications that wait; of more the oldest are dropped. */
const MAX_WAITING = 1_000;

/** The body of a notification. */
export interface Notification {
  /** The kind. */
  event: "run.ended" | "run.not_started";
  /** When it was made, ISO 8601. */
  at: string;
  /** The name of the pipeline. */
  pipeline: string;
  /** Why it was started. */
  trigger: "schedule" | "request";
  /** The run as the API has it; `null` where it did not begin. */
  run: Run | null;
  /** Why it did not begin or failed as a whole; `null` otherwise. */
  problem: string | null;
  /** The page of the run; `null` where it did not begin. */
  url: string | null;
}

/** How notifications are sent. */
export interface NotifierOptions {
  url: URL;
  /** The key of signatures; without one there are none. */
  secret?: string | undefined;
  /** Prints what could not be sent. */
  print: (line: string) => void;
  waitsMs?: readonly number[];
  answerMs?: number;
}

/** Reads the address of notifications. */
export function readNotifyUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new CommandError(
    "Cannot notify this address: it is no http or https URL. Pass --notify https://…",
  );
}

/** Sends notifications, one after the other. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #stop = new AbortController();
  readonly #waiting: Notification[] = [];
  #sending: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Sends one as soon as those before it are sent or given up. */
  notify(notification: Omit<Notification, "at">): void {
    this.#waiting.push({ ...notification, at: isoNow() });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#sending ??= this.#sendAll().finally(() => this.#sending = undefined);
  }

  /** Lets what waits be sent for some milliseconds, without further attempts after that. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#sending;
    clearTimeout(timer);
    this.#stop.abort();
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      await this.#send(next);
    }
  }

  async #send(notification: Notification): Promise<void> {
    const { url, print, waitsMs = WAITS_MS } = this.#options;
    const body = JSON.stringify(notification);
    const id = crypto.randomUUID();
    let problem: string | null = null;
    for (const waitMs of [0, ...waitsMs]) {
      await delay(waitMs, this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      problem = await this.#post(body, id);
      if (problem === null) return;
    }
    print(
      `Cannot notify ${url.origin} of ${notification.pipeline}: ${
        problem ?? "the server is stopping"
      }`,
    );
  }

  /** Sends it once; returns what went wrong. */
  async #post(body: string, id: string): Promise<string | null> {
    const { url, secret, answerMs = ANSWER_MS } = this.#options;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      "User-Agent": "pipeloom",
      "X-Pipeloom-Delivery": id,
      "X-Pipeloom-Timestamp": timestamp,
    };
    if (secret !== undefined) {
      headers["X-Pipeloom-Signature"] = `sha256=${await sign(secret, `${timestamp}.${body}`)}`;
    }
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), answerMs);
    try {
      const signal = AbortSignal.any([this.#stop.signal, late.signal]);
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        signal,
        redirect: "manual",
      });
      await response.body?.cancel();
      return response.ok ? null : `it answered ${response.status}`;
    } catch (error) {
      if (late.signal.aborted) return `it did not answer within ${answerMs / 1_000} s`;
      if (this.#stop.signal.aborted) return "the server is stopping";
      // The message may have the whole address.
      const cause = /\b(?:refused|reset|unreachable|dns error|certificate|NotCapable)\b/i.exec(
        `${error}`,
      );
      return cause ? `it cannot be reached (${cause[0]})` : "it cannot be reached";
    } finally {
      clearTimeout(timer);
    }
  }
}

/** HMAC-SHA256 of a text in hexadecimal. */
export async function sign(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text))).toHex();
}
