/**
 * The HTTP API as an OpenAPI description: the routes of the app with their descriptions, and the types of the
 * answers.
 *
 * @module
 */
import { type Route, ROUTES } from "./route_list.ts";
import { SCHEMAS } from "./schemas.gen.ts";

/** Parameters that are whole numbers. */
const NUMBERS = new Set([
  "a",
  "after",
  "against",
  "attempt",
  "b",
  "before",
  "limit",
  "line",
  "run",
  "task",
]);

/** The body of a request to run a pipeline. */
const ARGUMENTS = {
  content: {
    "application/json": {
      schema: { type: "object", properties: { args: { type: "object" } } },
    },
  },
};

/** A part of the description. */
type Json = Record<string, unknown>;

/** Describes routes, each as its method and its path. */
export function describe(routes: Iterable<string>, version: string): Json {
  const paths: Record<string, Json> = {};
  for (const name of routes) {
    const route = ROUTES[name];
    // A program may have added routes of its own.
    if (!route) continue;
    const [method, path] = name.split(" ");
    const template = path!.replace(/:(\w+)/g, "{$1}");
    (paths[template] ??= {})[method!.toLowerCase()] = toOperation(name, path!, route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Dashboard of pipeloom",
      version,
      description: "Times are ISO 8601 in UTC, durations are in milliseconds.",
    },
    // The folder above that of this description, wherever the dashboard is mounted.
    servers: [{ url: ".." }],
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: JSON.parse(SCHEMAS),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The viewer access token." },
        control: { type: "apiKey", in: "header", name: "X-Pipeloom-Control" },
      },
    },
  };
}

function toOperation(name: string, path: string, { query = "", answer, text }: Route): Json {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, param]) => param!);
  const inQuery = query.split(", ").filter(Boolean);
  const isControl = name.startsWith("POST ") && path !== "/api/session";
  const isSwitch = /^\/api\/pipelines\/:pipeline\/(pause|resume)$/.test(path);
  const success = isSwitch
    ? { "204": { description: "Done" } }
    : isControl && answer === "RunStart"
    ? { "201": toResponse("It has begun", answer), "202": toResponse("It begins later", answer) }
    : isControl
    ? { "200": toResponse("Done", answer), "202": toResponse("It takes effect later", answer) }
    : name === "GET /api/control" || path === "/api/session"
    ? { "204": { description: "Allowed" } }
    : { "200": toResponse("The answer", answer, path) };
  const failures = [
    ...(inPath.length + inQuery.length > 0 ? [["400", "A parameter is wrong"]] : []),
    ...(inPath.length > 0 ? [["404", "There is no such run, task or pipeline"]] : []),
    ...(isControl ? [["409", "Refused"]] : []),
    ["401", "A token is missing or wrong"],
  ];
  return {
    summary: text,
    operationId: name.replace(/\W+(\w)?/g, (_, letter = "") => letter.toUpperCase()),
    ...(isControl || path === "/api/control" ? { security: [{ control: [] }] } : {}),
    parameters: [
      ...inPath.map((param) => toParameter(param, "path")),
      ...inQuery.map((param) => toParameter(param, "query")),
    ],
    ...(path.endsWith("/run") && isControl ? { requestBody: ARGUMENTS } : {}),
    responses: {
      ...success,
      ...Object.fromEntries(
        failures.map(([status, text]) => [status, toResponse(text!, "ApiError")]),
      ),
    },
  };
}

function toParameter(name: string, place: "path" | "query"): Json {
  return {
    name,
    in: place,
    ...(place === "path" ? { required: true } : {}),
    schema: { type: NUMBERS.has(name) ? "integer" : "string" },
  };
}

function toResponse(description: string, answer?: string, path = ""): Json {
  const type = path === "/api/live" ? "text/event-stream" : "text/plain";
  if (!answer) {
    const isJson = path === "/healthz" || path.endsWith(".json");
    return { description, content: { [isJson ? "application/json" : type]: {} } };
  }
  const schema = { $ref: `#/components/schemas/${answer.replace("[]", "")}` };
  return {
    description,
    content: {
      "application/json": {
        schema: answer.endsWith("[]") ? { type: "array", items: schema } : schema,
      },
    },
  };
}
