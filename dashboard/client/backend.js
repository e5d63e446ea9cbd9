/**
 * Where the page gets its data from: the server that it came from, or the run that it carries. Pages ask
 * for a path of the API and need not know which it is.
 *
 * @module
 */
import { createContext } from "preact";
import { controlToken } from "./control_token.js";
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

/** Says that this page may cancel and retry. */
const CONTROL_HEADER = "X-Pipeloom-Control";

/** The API of the server, relative to the document's base. */
export const server = {
  exported: null,

  get: (path, { signal } = {}) => request(path, { signal }),

  /** Asks for something to be done. */
  post: (path) => request(path, { method: "POST", headers: { [CONTROL_HEADER]: controlToken() } }),

  /** Whether `post` would be heard, `null` when the server does not answer. */
  async mayControl() {
    const token = controlToken();
    if (token === null) return false;
    const headers = { [CONTROL_HEADER]: token };
    const response = await fetch("api/control", { headers, cache: "no-store" }).catch(() => null);
    return response && response.status === 204;
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

/** The JSON of an answer; anything but success is thrown. */
async function request(path, options) {
  let response;
  try {
    const headers = { accept: "application/json", ...options.headers };
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiFailure(0, "The server does not answer");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new ApiFailure(response.status, body?.error ?? `The server answered ${response.status}`);
}

/** A run that the page carries. */
export function exportedBackend(exported) {
  return {
    exported,
    mayControl: () => Promise.resolve(false),
    get(path) {
      const answer = answerOffline(exported, path);
      return answer === null
        ? Promise.reject(new ApiFailure(404, "This is not in the exported file"))
        : Promise.resolve(answer);
    },
  };
}
