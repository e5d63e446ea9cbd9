/**
 * Loads the module that `pipeloom run` is given.
 *
 * @module
 */
import { isPipelineDefinition } from "../pipeline/define_pipeline.ts";
import type { PipelineDefinition } from "../pipeline/pipeline_options.ts";
import { absolutePath, paths } from "../internal/paths.ts";
import { CommandError, messageOf } from "./terminal/failure.ts";
import { mayRead } from "../internal/permissions.ts";

/** Milliseconds that a module may take to load: what it awaits may be large, and far. */
const LOAD_MS = 300_000;

/** A definition and what to call it. */
export interface LoadedDefinition {
  /** What the module exports by default. */
  definition: PipelineDefinition<unknown>;
  /** The name of its file, without its extension. */
  name: string;
}

/**
 * Imports a module and checks that it exports a pipeline.
 *
 * @throws {CommandError} With one message that says what is wrong and what to do
 */
export async function loadDefinition(file: string): Promise<LoadedDefinition> {
  const url = await toModuleUrl(file);
  if (url.protocol === "file:") await mustBeReadable(file, url);
  const { default: definition } = await load(file, url);
  if (!isPipelineDefinition(definition)) {
    throw new CommandError(
      `Cannot run ${file}: its default export is ${kindOf(definition)}, not a pipeline; ` +
        `write export default definePipeline({ items, run })`,
    );
  }
  const name = decodeURIComponent(url.pathname.split("/").at(-1)!).replace(/\.\w+$/, "");
  return { definition, name };
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
async function load(file: string, url: URL): Promise<{ default?: unknown }> {
  const loaded = import(url.href).catch((error) => {
    const why = `${causeOf(error)}${adviceFor(error, file)}`;
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

/** What helps where an import of the module is unknown: a command that is installed has only its own import map. */
function adviceFor(error: unknown, file: string): string {
  if (!/not a dependency|not in import map/.test(messageOf(error))) return "";
  const shown = /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  return ". An installed pipeloom does not know the imports of your project. In the folder of its deno.json: " +
    `deno run -R -W jsr:@pipeloom/pipeloom/cli run ${shown}`;
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
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
