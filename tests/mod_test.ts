/**
 * What the compiler accepts and refuses at the public surface. A `@ts-expect-error` without an error is an error of
 * `deno check`, so most of this file need not run.
 *
 * @module
 */
import type { DashboardOptions, ServeOptions } from "../dashboard/mod.ts";
import type { ConnectOptions } from "../db.ts";
import type { LoggingOptions } from "../logging.ts";
import {
  type InsertOptions,
  type PipelineOptions,
  type ProgressOptions,
  runPipeline,
  type ScheduleOptions,
  SqliteWriter,
  type Step,
  type TagLimit,
  type TaskContext,
  taskModule,
  type TaskPolicy,
  type TransactionOptions,
  type WriterOptions,
} from "../mod.ts";
import { assert, assertEquals } from "./support/assert.ts";

/** An interface, which has no index signature. */
interface City {
  readonly name: string;
  population?: number;
  founded: Date | null;
  mayor: { name: string };
}

interface Named {
  name: string;
}

interface Broken {
  name: string;
  greet(): void;
}

const cities: City[] = [
  { name: "Oslo", population: 717_710, founded: null, mayor: { name: "Anne" } },
  { name: "Bergen", founded: new Date(0), mayor: { name: "Marit" } },
];

const SCHEMA = "CREATE TABLE city (name, population, founded, mayor)";

Deno.test("rows may be values of an interface: arrays, generators, steps and parameters", async () => {
  function* each(): Generator<City> {
    yield* cities;
  }
  async function* later(): AsyncGenerator<City> {
    yield* cities;
  }
  const named: Named = { name: "a value of an interface" };
  const count = async (writer: SqliteWriter) =>
    (await writer.execute("SELECT count(*) AS n FROM city")).rows[0]!.n;

  await using writer = await SqliteWriter.open({ db: ":memory:", schema: SCHEMA });
  await writer.insert("city", cities);
  await writer.insert("city", each());
  await writer.insert("city", later());
  await writer.transaction([{ table: "city", rows: cities }]);
  await writer.send({ table: "city", rows: cities });
  await writer.execute("INSERT INTO city (mayor) VALUES (?)", [named]);
  assertEquals(await count(writer), 11);

  await runPipeline([1], {
    db: writer,
    async run(_, task) {
      await task.insert("city", cities);
      await task.insert("city", each());
      await task.insert("city", later());
      await task.transaction([{ table: "city", rows: cities }]);
      await task.execute("INSERT INTO city (mayor) VALUES (?)", [named]);
    },
  });
  assertEquals(await count(writer), 20);
});

/** Never called: for the compiler. */
export async function refused(task: TaskContext, writer: SqliteWriter): Promise<void> {
  const broken: Broken[] = [];
  // @ts-expect-error a method is not a value
  await task.insert("city", broken);
  // @ts-expect-error a method is not a value
  await writer.insert("city", broken.values());
  // @ts-expect-error a function is not a value
  await task.insert("city", [{ name: () => "Oslo" }]);
  // @ts-expect-error a function is not a value
  await task.insert("city", [["Oslo", () => 1]]);
  // @ts-expect-error a Map has no form in SQLite
  await writer.insert("city", [{ name: new Map() }]);
  // @ts-expect-error a promise is not a row
  await writer.insert("city", [Promise.resolve({ name: "Oslo" })]);
  // @ts-expect-error a text is not a row
  await writer.insert("city", ["Oslo"]);
  // @ts-expect-error a function is not a parameter
  await task.execute("SELECT ?", [() => 1]);
  // @ts-expect-error a promise is not a parameter
  await task.execute("SELECT ?", [Promise.resolve(1)]);
  // @ts-expect-error rows are objects or arrays
  const step: Step = { table: "city", rows: ["Oslo"] };
  await writer.send(step);
}

/** The same options, each of which may be `undefined`: what a caller has who passes on options of its own. */
type Loose<Options> = { [Name in keyof Options]: Options[Name] | undefined };

/** Never called: for the compiler, with `exactOptionalPropertyTypes`. */
export const undefinedIsAbsent = {
  connect: (options: Loose<ConnectOptions>): ConnectOptions => options,
  dashboard: (
    options: Loose<Omit<DashboardOptions, "db">>,
  ): Omit<DashboardOptions, "db"> => options,
  insert: (options: Loose<InsertOptions>): InsertOptions => options,
  limit: (options: Loose<TagLimit>): TagLimit => options,
  logging: (options: Loose<LoggingOptions>): LoggingOptions => options,
  pipeline: (
    options: Loose<Omit<PipelineOptions<string>, "db" | "run">>,
  ): Omit<PipelineOptions<string>, "db" | "run"> => options,
  policy: (options: Loose<TaskPolicy>): TaskPolicy => options,
  progress: (options: Loose<ProgressOptions>): ProgressOptions => options,
  schedule: (options: Loose<ScheduleOptions>): ScheduleOptions => options,
  serve: (options: Loose<Omit<ServeOptions, "db">>): Omit<ServeOptions, "db"> => options,
  transaction: (options: Loose<TransactionOptions>): TransactionOptions => options,
  writer: (options: Loose<Omit<WriterOptions, "db">>): Omit<WriterOptions, "db"> => options,
};

type Tasks = typeof import("./fixtures/typed_tasks.ts");
const module = new URL("./fixtures/typed_tasks.ts", import.meta.url);

Deno.test("taskModule() runs the function that it names, with items that fit", async () => {
  const options = { db: ":memory:", storeTaskStatus: false };
  const load = taskModule<Tasks, "load">({ module, export: "load" });
  const loaded = await runPipeline([{ path: "a" }], { ...options, run: load });
  const any = taskModule<Tasks>({ module, export: "double" });
  const doubled = await runPipeline([1, 2], { ...options, run: any });
  const main = taskModule<Tasks, "default">({ module, export: "default" });
  const ran = await runPipeline(["a"], { ...options, run: main });
  const plain = await runPipeline([1], { ...options, run: { module, export: "double" } });
  assertEquals([loaded, doubled, ran, plain].map(({ counts }) => counts.done), [1, 2, 1, 1]);
});

/** Never called: for the compiler. */
export function misfits(): void {
  const db = ":memory:";
  const load = taskModule<Tasks, "load">({ module, export: "load" });
  // @ts-expect-error a number is not a file
  runPipeline([1], { db, run: load });
  // @ts-expect-error a file without a path is not a file
  runPipeline([{ name: "a" }], { db, run: load });
  // @ts-expect-error a list of texts is not a list of files
  runPipeline(["a"].values(), { db, run: taskModule<Tasks, "load">({ module, export: "load" }) });
  // @ts-expect-error no function of the module takes a Date
  runPipeline([new Date()], { db, run: taskModule<Tasks>({ module, export: "load" }) });
  // @ts-expect-error there is no such export
  taskModule<Tasks>({ module, export: "lod" });
  // @ts-expect-error an export that is not a function
  taskModule<Tasks>({ module, export: "LIMIT" });
  // @ts-expect-error not the export whose types are asked for
  taskModule<Tasks, "load">({ module, export: "double" });
}

/**
 * Names that may be exported: what a user calls, passes or catches. Hooks brought three, because what they receive is
 * passed on by programs, and has to have a type there; `runDefinition` two, `task.check` its options, `run` its table of
 * stages, which programs build apart from the call.
 */
const MOST_NAMES = 55;

Deno.test("mod.ts is its documentation and a sorted list of at most 55 named exports", async () => {
  const text = await Deno.readTextFile(new URL("../mod.ts", import.meta.url));
  const [, denoOnly, ...statements] = text.slice(text.indexOf("*/")).trim().split("\n");
  assertEquals(denoOnly, 'import "./deno_only.js";');
  const names = statements.map((line) => {
    const [, name] = line.match(/^export (?:type )?\{ (\w+) \} from "\.\/[\w/]+\.ts";$/) ?? [];
    assert(name !== undefined, `${line} is not the export of one name`);
    return name;
  });
  assertEquals(names, names.toSorted((a, b) => a.localeCompare(b, "en")));
  assert(names.length <= MOST_NAMES, `${names.length} names`);
  const messages = names.filter((name) => /Message$|^Run(Started|Finished|Key)$/.test(name));
  assertEquals(messages, [], "the protocol of the writer is not public");
});
