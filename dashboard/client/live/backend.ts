/**
 * Where the page gets its data from: the server that it came from, or the run that it carries. Pages ask
 * for a path of the API and need not know which it is.
 *
 * @module
 */
import { createContext } from "preact";
import type { ExportedRun } from "../../api.ts";
import { controlToken } from "./control_token.ts";
import { answerOffline } from "./offline.ts";

/** What answers the page. */
export interface Backend {
  /** The run that the page carries, `null` where a server answers. */
  readonly exported: ExportedRun | null;
  /** The JSON of an answer of the API. Anything but success is thrown. */
  get<T>(path: string, options?: { signal?: AbortSignal | null | undefined }): Promise<T>;
  /** A text of the API. */
  getText(path: string): Promise<string>;
  /** The way to the first page of a server of pipelines, where the page is one of its own; `""` is that page. */
  readonly home?: string | undefined;
  /** Asks for something to be done. */
  post<T>(path: string, body?: unknown): Promise<T>;
  /** Whether `post` would be answered, `null` when the server does not answer at all. */
  mayControl(): Promise<boolean | null>;
  /** Status of a small request, 0 when the server does not answer. */
  probe(): Promise<number>;
  /** Makes a session out of the token that the server printed at its start; returns what went wrong. */
  signIn(token: string): Promise<string | null>;
  /** Called when an answer reports that the session has ended. */
  signedOut?: () => void;
}

/** An answer other than the one that was asked for. */
export class ApiFailure extends Error {
  constructor(readonly status: number, message: string, readonly body: unknown = null) {
    super(message);
  }
}

/** Records that this page may cancel and retry. */
const CONTROL_HEADER = "X-Pipeloom-Control";

/** The API of the server, relative to the document's base. */
export const server: Backend = {
  exported: null,
  get: (path, { signal } = {}) => request(path, { signal }),
  async getText(path) {
    const response = await fetch(path).catch(() => null);
    if (response?.ok) return await response.text();
    throw new ApiFailure(
      response?.status ?? 0,
      response ? `The server answered ${response.status}` : "The server does not answer",
    );
  },
  post: (path, body) => {
    const json = body === undefined ? null : JSON.stringify(body);
    const headers = {
      [CONTROL_HEADER]: controlToken() ?? "",
      ...(json === null ? {} : { "content-type": "application/json" }),
    };
    return request(path, { method: "POST", headers, body: json });
  },

  async mayControl() {
    const token = controlToken();
    if (token === null) return false;
    const headers = { [CONTROL_HEADER]: token };
    const response = await fetch("api/control", { headers, cache: "no-store" }).catch(() => null);
    return response && response.status === 204;
  },

  async probe() {
    try {
      const response = await fetch("api/runs?limit=1", { cache: "no-store" });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  },

  signIn: (token) => signInAt("api/session", token),
};

/** The API of the dashboard of a database of a server of pipelines, or of its first page where `home` is empty. */
export function servedBackend(home: string): Backend {
  return { ...server, home, signIn: (token) => signInAt(`${home}session`, token) };
}

async function signInAt(path: string, token: string): Promise<string | null> {
  const response = await fetch(path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => null);
  if (response?.ok) return null;
  if (!response) return "The server does not answer";
  return response.status === 401
    ? "This token is not the one that the server printed at its start"
    : `The server answered ${response.status}`;
}

async function request<T>(
  path: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    body?: string | null;
    signal?: AbortSignal | null | undefined;
  },
): Promise<T> {
  let response;
  try {
    const headers = { accept: "application/json", ...options.headers };
    response = await fetch(path, { ...options, headers, signal: options.signal ?? null });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiFailure(0, "The server does not answer");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  const message = body?.error ?? `The server answered ${response.status}`;
  throw new ApiFailure(response.status, message, body);
}

/** A run that the page carries. */
export function exportedBackend(exported: ExportedRun): Backend {
  return {
    ...server,
    exported,
    mayControl: () => Promise.resolve(false),
    get<T>(path: string) {
      const answer = answerOffline(exported, path);
      return answer === null
        ? Promise.reject(new ApiFailure(404, "This is not in the exported file"))
        : Promise.resolve(answer as T);
    },
  };
}

/** The backend of the page, for every component. */
export const BackendContext = createContext<Backend>(server);
