/**
 * Items that the command line gives to a function: as words, as lines of a file, or through the standard input.
 *
 * @module
 */
import { mayRead } from "../../internal/permissions.ts";
import { CommandError, messageOf } from "../terminal/failure.ts";
import { locate } from "../working_folder.ts";
import { readLines } from "./lines.ts";

/** How items are written in a file. */
export const ITEM_FORMATS = ["jsonl", "json", "csv", "tsv", "text"] as const;

/** One of {@linkcode ITEM_FORMATS}. */
export type ItemFormat = typeof ITEM_FORMATS[number];

/** A file of items. */
export interface ItemsFile {
  /** Its path, or `-` for the standard input. */
  file: string;
  /** The format, where the extension does not determine it. */
  format?: ItemFormat | undefined;
}

/** The format by the extension of a file; without one, each line is JSON. */
function formatOf(file: string): ItemFormat {
  const extension = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase();
  if (extension === "txt") return "text";
  return ITEM_FORMATS.find((format) => format === extension) ?? "jsonl";
}

/**
 * Opens a file of items, which are read while tasks run.
 *
 * @throws {CommandError} If it cannot be opened
 */
export async function readItems(
  { file, format = formatOf(file) }: ItemsFile,
): Promise<AsyncIterable<unknown>> {
  const shown = file === "-" ? "the standard input" : file;
  const bytes = file === "-" ? Deno.stdin.readable : await openFile(file);
  return named(parseItems(readLines(bytes), format), shown);
}

async function openFile(file: string): Promise<ReadableStream<Uint8Array>> {
  const cannot = `Cannot read the items of ${file}`;
  const path = locate(file);
  if (!mayRead(path)) throw new CommandError(`${cannot}: it may not be read; add --allow-read`);
  try {
    const opened = await Deno.open(path);
    if (!(await opened.stat()).isDirectory) return opened.readable;
    opened.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new CommandError(`${cannot}: ${messageOf(error)}`, undefined, { cause: error });
    }
    throw new CommandError(`${cannot}: there is no such file; check its path`);
  }
  throw new CommandError(`${cannot}: it is a folder; name a file`);
}

async function* parseItems(
  lines: AsyncIterable<string>,
  format: ItemFormat,
): AsyncGenerator<unknown> {
  switch (format) {
    case "csv":
    case "tsv": {
      const { parseRows } = await import("./csv.ts");
      yield* parseRows(lines, format === "csv" ? "," : "\t");
      return;
    }
    case "json": {
      const items = parseJson((await Array.fromAsync(lines)).join("\n"), "it");
      if (!Array.isArray(items)) throw new TypeError("it is not a JSON array; try --format jsonl");
      yield* items;
      return;
    }
    default: {
      let number = 0;
      for await (const ended of lines) {
        number++;
        const line = ended.replace(/\r$/, "");
        if (line.trim() === "") continue;
        yield format === "text" ? line : parseJson(line, `line ${number}`);
      }
    }
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new TypeError(`${what} is not JSON: ${message}`, { cause: error });
  }
}

/** Adds the name of the file to each error. */
async function* named<Item>(items: AsyncIterable<Item>, file: string): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    const { message } = error as Error;
    throw new TypeError(`Cannot read the items of ${file}: ${message}`, { cause: error });
  }
}
