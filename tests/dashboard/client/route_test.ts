import {
  dataRoute,
  formatDataRoute,
  parseDataRoute,
  rowsParams,
} from "../../../dashboard/client/data/data_route.ts";
import {
  defaultQuery,
  formatQuery,
  formatRoute,
  livePath,
  parseQuery,
  parseRoute,
  runRoute,
} from "../../../dashboard/client/lib/route.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("parseRoute() reads back what formatRoute() wrote", () => {
  const addresses = [
    "",
    "before=12",
    "run=5",
    "run=0",
    "run=5&status=error,cancelled&q=foo+bar%26&sort=-duration&cursor=%5B1%2C2%5D",
    "run=5&key=a&limit=200&panel=timeline",
    "run=5&panel=none",
    "task=77",
    "compare=4,5",
  ];
  for (const address of addresses) {
    const read = parseRoute(`?${address}`);
    assertEquals(parseRoute(`?${formatRoute(read)}`), read);
    assertEquals(parseRoute(formatRoute(read)), read);
  }
  assertEquals(
    formatRoute(parseRoute("?run=5&status=error,cancelled&sort=id&limit=50")),
    "run=5&status=error,cancelled",
  );
});

Deno.test("parseRoute() compares the earlier run with the later one, in whatever order they are named", () => {
  assertEquals(parseRoute("?compare=5,4"), { view: "compare", a: 4, b: 5 });
});

Deno.test("parseRoute() shows the runs for what it does not understand", () => {
  for (
    const search of [
      "?run=x",
      "?run=-1",
      "?run=1e3",
      "?task=",
      "?compare=1",
      "?compare=1,2,3",
      "?x=1",
    ]
  ) {
    assertEquals(parseRoute(search), { view: "runs", before: null });
  }
});

Deno.test("parseQuery() leaves out what is not allowed", () => {
  const query = parseQuery(new URLSearchParams("status=error,nonsense,done&sort=--id&limit=9999"));
  assertEquals(query, { ...defaultQuery(), status: ["done", "error"], limit: 200 });
  assertEquals(parseQuery(new URLSearchParams("sort=-name")).sort, "-name");
  assertEquals(parseQuery(new URLSearchParams("limit=0")).limit, 1);
});

Deno.test("formatQuery() leaves out what is the default", () => {
  assertEquals(formatQuery(defaultQuery()), "");
  const query = {
    ...defaultQuery(),
    q: "50% & more",
    status: ["running" as const, "error" as const],
  };
  assertEquals(formatQuery(query), "status=running,error&q=50%25+%26+more");
});

Deno.test("livePath() names the stream of each view", () => {
  assertEquals(livePath(parseRoute("")), "api/live?view=runs");
  assertEquals(livePath(parseRoute("?compare=1,2")), "api/live?view=runs");
  assertEquals(livePath(parseRoute("?task=7")), "api/live?view=task&task=7");
  assertEquals(livePath(runRoute(5)), "api/live?view=run&run=5");
  assertEquals(livePath(parseRoute("?run=5&q=a&panel=none")), "api/live?view=run&run=5&q=a");
});

Deno.test("the rows of a table are all shown until a filter has a value, and its comparison is kept", () => {
  const route = dataRoute("city", { column: "name", op: "is" });
  assertEquals(rowsParams(route), "name=city");
  assertEquals(parseDataRoute(new URLSearchParams(formatDataRoute(route))), route);
  const whole = dataRoute("city", { column: "name", op: "is", value: "Oslo" });
  assertEquals(rowsParams(whole), "name=city&column=name&op=is&value=Oslo");
  const empty = dataRoute("city", { column: "name", op: "empty" });
  assertEquals(rowsParams(empty), "name=city&column=name&op=empty");
});
