/**
 * Where the page gets its data from: the server that it came from, or the run that it carries. Pages ask
 * for a path of the API and need not know which it is.
 *
 * @module
 */
import { createContext } from "preact";
import { answerOffline } from "./offline.js";

/** The backend of the page, for every component. */
export const Backend = createContext(null);

/** An answer other than the one that was asked for. */
export class ApiFailure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The API of the server, relative to the document's base. */
export const server = {
  exported: null,

  async get(path, { signal } = {}) {
    let response;
    try {
      response = await fetch(path, { signal, headers: { accept: "application/json" } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiFailure(0, "The server does not answer");
    }
    const body = await response.json().catch(() => null);
    if (response.ok) return body;
    throw new ApiFailure(response.status, body?.error ?? `The server answered ${response.status}`);
  },

  /** Status of a small request, 0 when the server does not answer. */
  async probe() {
    try {
      const response = await fetch("api/runs?limit=1", { cache: "no-store" });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  },

  /** Makes a session out of the token that the server printed at its start. */
  async signIn(token) {
    const response = await fetch("api/session", {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    }).catch(() => null);
    if (response?.ok) return null;
    if (!response) return "The server does not answer";
    return response.status === 401
      ? "This token is not the one that the server printed at its start"
      : `The server answered ${response.status}`;
  },
};

/** A run that the page carries. */
export function exportedBackend(exported) {
  return {
    exported,
    get(path) {
      const answer = answerOffline(exported, path);
      return answer === null
        ? Promise.reject(new ApiFailure(404, "This is not in the exported file"))
        : Promise.resolve(answer);
    },
  };
}
