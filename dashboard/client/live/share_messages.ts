/**
 * The messages between a window and the worker that all windows share.
 *
 * @module
 */
import type { LiveEvent } from "../../api.ts";
import type { EventType, StreamState } from "./live_link.ts";

/** From a window. */
export type WindowMessage =
  /** Follow this view, in place of the one before. */
  | { kind: "watch"; base: string; path: string }
  /** Follow nothing. */
  | { kind: "leave" }
  /** Try again at once, if there is no stream. */
  | { kind: "retry" }
  /** The window is there still. */
  | { kind: "alive" };

/** From the worker. */
export type ShareMessage =
  | { kind: "event"; path: string; type: EventType; event: LiveEvent }
  | { kind: "state"; path: string; state: StreamState };
