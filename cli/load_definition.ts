/**
 * Loads what `pipeloom run` is given: a module, and in it a pipeline or a function.
 *
 * @module
 */
import { isPipelineDefinition } from "../pipeline/define_pipeline.ts";
import type { PipelineDefinition } from "../pipeline/pipeline_options.ts";
import type { TaskFunction } from "../pipeline/executor/task_module.ts";
import { absolutePath, paths } from "../internal/paths.ts";
import { CommandError, messageOf } from "./terminal/failure.ts";
import { mayRead } from "../internal/permissions.ts";
import { adviceFor } from "./unknown_imports.ts";

/** Milliseconds that a module may take to load: what it awaits may be large, and far. */
const LOAD_MS = 300_000;

/** Names of exports that an error lists. */
const MAX_NAMES = 20;

/** What a module exports. */
type Module = Readonly<Record<string, unknown>>;

/** A definition and what to call it. */
export interface LoadedDefinition {
  /** What the module exports. */
  definition: PipelineDefinition<unknown>;
  /** The name of its file, without its extension, and that of the export. */
  name: string;
}

/** A function that a module exports, and what to call it. */
export interface LoadedFunction {
  /** The function. */
  task: TaskFunction<unknown>;
  /** The URL of its module. */
  module: string;
  /** What the module calls it. */
  export: string;
  /** The name of its file, without its extension, and that of the export. */
  name: string;
}

/**
 * Imports a module and checks that it exports a pipeline, by default or by the name after `file:`.
 *
 * @throws {CommandError} With one message that names the problem and the remedy
 */
export async function loadDefinition(
  target: string,
  command: string,
): Promise<LoadedDefinition> {
  const loaded = await loadTarget(target, command);
  if ("definition" in loaded) return loaded;
  throw new CommandError(
    `Cannot run ${target}: it is a function, not a pipeline; write definePipeline({ items, run })`,
  );
}

/**
 * Imports a module and takes a pipeline from it, by default or by the name after `file:`, or a function of that name.
 *
 * @throws {CommandError} With one message that names the problem and the remedy
 */
export async function loadTarget(
  target: string,
  command: string,
): Promise<LoadedDefinition | LoadedFunction> {
  const { file, name: named } = splitTarget(target);
  const url = await toModuleUrl(file);
  if (url.protocol === "file:") await mustBeReadable(file, url);
  const module = await load({ file, url }, (error) => adviceFor(error, command, target));
  const value = module[named ?? "default"];
  const base = decodeURIComponent(url.pathname.split("/").at(-1)!).replace(/\.\w+$/, "");
  const name = named === undefined || named === "default" ? base : `${base}:${named}`;
  if (isPipelineDefinition(value)) return { definition: value, name };
  if (named === undefined) throw noPipeline(file, module);
  if (!Object.hasOwn(module, named)) {
    throw new CommandError(`Cannot run ${target}: ${file} ${exportsOf(module)}, and no ${named}`);
  }
  if (typeof value !== "function" || isClass(value)) {
    throw new CommandError(
      `Cannot run ${target}: ${named} is ${kindOf(value)}, not a function or a pipeline`,
    );
  }
  return { task: value as TaskFunction<unknown>, module: url.href, export: named, name };
}

/** A module and the export that is named after its last colon; `npm:zod` and `C:etl` are modules. */
function splitTarget(target: string): { file: string; name?: string } {
  const [, file, name] = /^(.*[./].*):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/su.exec(target) ?? [];
  return file === undefined || name === undefined ? { file: target } : { file, name };
}

function noPipeline(file: string, module: Module): CommandError {
  const { default: value } = module;
  const functions = Object.keys(module).filter((name) => typeof module[name] === "function");
  const [some] = functions.includes("default") ? ["default"] : functions;
  return new CommandError(
    `Cannot run ${file}: its default export is ${kindOf(value)}, not a pipeline; ` +
      `write export default definePipeline({ items, run })` +
      (some === undefined ? "" : `, or run a function over items: ${file}:${some} --item <text>`),
  );
}

/** The names that a module exports, in a few words. */
function exportsOf(module: Module): string {
  const names = Object.keys(module).sort();
  if (names.length === 0) return "exports nothing";
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return `exports ${names.slice(0, MAX_NAMES).join(", ")}${more}`;
}

/** The URL of a module that is named by a path or a URL. */
export async function toModuleUrl(file: string): Promise<URL> {
  // One letter and a colon are a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(file) && URL.canParse(file)) return new URL(file);
  const path = absolutePath(file);
  return (await paths()).toFileUrl(path);
}

async function mustBeReadable(file: string, url: URL): Promise<void> {
  if (!mayRead(url)) {
    throw new CommandError(
      `Cannot run ${file}: it may not be read; add --allow-read before the command line's own address`,
    );
  }
  const info = await Deno.stat(url).catch((error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw new CommandError(`Cannot run ${file}: ${error.message}`, undefined, { cause: error });
  });
  if (!info) throw new CommandError(`Cannot run ${file}: there is no such file; check its path`);
  if (!info.isFile) throw new CommandError(`Cannot run ${file}: it is not a file; name a module`);
}

/** Loads a module. One that awaits what can never come any more is named by Deno, which then ends the process. */
async function load(
  { file, url }: { file: string; url: URL },
  advise: (error: unknown) => string,
): Promise<Module> {
  const loaded = import(url.href).catch((error) => {
    const why = `${causeOf(error)}${advise(error)}`;
    throw new CommandError(`Cannot load ${file}: ${why}`, undefined, { cause: error });
  });
  return await Promise.race([loaded, tooLong(file)]);
}

/** Rejects in the end. A timer, even one that is unreferenced, would keep Deno from seeing that nothing can come. */
async function tooLong(file: string): Promise<never> {
  const never = new Int32Array(new SharedArrayBuffer(4));
  await Atomics.waitAsync(never, 0, 0, LOAD_MS).value;
  throw new CommandError(
    `Cannot load ${file}: it has not loaded within ${
      LOAD_MS / 1_000
    } s; its top-level await may never settle`,
  );
}

/** The first line of why an import failed, with the place where the module's text is wrong. */
function causeOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    const flag = /--(allow-[a-z]+)/.exec(error.message)?.[0] ?? "the permission";
    const what = error.message.split(",")[0]!;
    return `${what.charAt(0).toLowerCase()}${what.slice(1)}; add ${flag}`;
  }
  const lines = messageOf(error).split("\n").map((line) => line.trim()).filter(Boolean);
  const place = lines.slice(1).find((line) => /^at /.test(line));
  return [lines[0], ...(place ? [place] : [])].join(" ");
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (isClass(value)) return "a class";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a function is a class, which cannot be called. */
function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
