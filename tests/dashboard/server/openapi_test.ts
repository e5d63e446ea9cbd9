import { createDashboard } from "../../../dashboard/mod.ts";
import { namesOf } from "../../../dashboard/server/routes/openapi.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { addRun, getJson, show } from "../fixture.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** What a value has that its schema does not allow. */
function violations(schemas: Json, schema: Json, value: Json, at = "$"): string[] {
  if (schema.$ref) return violations(schemas, schemas[schema.$ref.split("/").at(-1)], value, at);
  if (schema.allOf) {
    return schema.allOf.flatMap((part: Json) => violations(schemas, part, value, at));
  }
  if (schema.anyOf) {
    const all = schema.anyOf.map((part: Json) => violations(schemas, part, value, at));
    return all.find((found: string[]) => found.length === 0) ?? all[0];
  }
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = [schema.type ?? kind].flat();
  if (!types.includes(kind)) return [`${at} is ${kind}, not ${types}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${at} is ${value}`];
  if (kind === "array") {
    return value.flatMap((one: Json, i: number) =>
      violations(schemas, schema.items ?? {}, one, `${at}[${i}]`)
    );
  }
  if (kind !== "object") return [];
  return [
    ...(schema.required ?? []).filter((name: string) => !(name in value))
      .map((name: string) => `${at} lacks ${name}`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
      value[name] === undefined ? [] : violations(schemas, part, value[name], `${at}.${name}`)
    ),
  ];
}

for (const writer of [undefined, { attach: () => new MessageChannel().port1 }]) {
  Deno.test(`openapi.json has every route ${writer ? "with" : "without"} a writer`, async () => {
    using app = createDashboard({ db: "none.db", ...(writer ? { writer } : {}) });
    const document = await getJson<Json>(app, "/api/openapi.json");
    assertEquals(document.openapi, "3.1.0");
    const described = Object.entries<Json>(document.paths).flatMap(([path, operations]) =>
      Object.entries<Json>(operations).map(([method, { parameters }]) => {
        const names = parameters.filter((one: Json) => one.in === "path").map((one: Json) =>
          one.name
        );
        assertEquals(names, [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name!));
        return `${method.toUpperCase()} ${path.replace(/{(\w+)}/g, ":$1")}`;
      })
    );
    assertEquals(described.sort(), [...namesOf(app)].sort());
    for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      assert(document.components.schemas[name!], `${name} is not described`);
    }
  });
}

Deno.test("answers are as openapi.json describes them", async () => {
  using shown = await show();
  const at = "2026-11-27T00:00:00.000Z";
  addRun(shown.store, [
    { status: "error", error: "Error: no", started_at: at, finished_at: at },
    { status: "done", result: "1", started_at: at, finished_at: at },
  ]);
  const { paths, components: { schemas } } = await shown.get<Json>("/api/openapi.json");
  let checked = 0;
  for (const [path, { get }] of Object.entries<Json>(paths)) {
    const schema = get?.responses["200"]?.content["application/json"]?.schema;
    if (!schema || path === "/api/compare") continue;
    const query = ["/api/data/rows", "/api/grid"].includes(path) ? "?name=task_runs" : "";
    const answer = await shown.get(path.replace("{run}", "1").replace("{task}", "1") + query);
    assertEquals(violations(schemas, schema, answer), [], path);
    checked++;
  }
  assert(checked >= 10, `${checked} answers were checked`);
  assertEquals(
    violations(schemas, schemas.Run, { id: "1" }).includes("$.id is string, not number"),
    true,
  );
});
