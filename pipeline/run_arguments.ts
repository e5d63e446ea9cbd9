/**
 * What a run is started with: the arguments of its definition, checked before anything is opened.
 *
 * A definition that declares its arguments by a validator gets what that makes of them. Without one they are text,
 * and an argument that nothing reads is refused: `--arg dat=…` would silently run for another day.
 *
 * @module
 */
import { ArgumentsError } from "../errors.ts";
import { unexpected } from "../internal/validate.ts";
import { asStored } from "../internal/text/stored_text.ts";
import { toJson } from "../internal/json.ts";

/**
 * Arguments: what was given as `--arg key=value`, or what a validator made of it.
 *
 * @example As the command line has them
 * ```ts ignore
 * import type { PipelineArguments } from "@pipeloom/pipeloom";
 *
 * const args: PipelineArguments = { day: "2026-01-01" }; // --arg day=2026-01-01
 * ```
 */
export type PipelineArguments = Readonly<Record<string, string>>;

/**
 * A validator that knows the [Standard Schema](https://standardschema.dev), as those of zod, valibot, arktype and others
 * do.
 *
 * @example Any library that knows the Standard Schema
 * ```ts ignore
 * import type { ArgumentsValidator } from "@pipeloom/pipeloom";
 *
 * declare const z: { object(shape: object): ArgumentsValidator<{ day: string }>; date(): object };
 * const args: ArgumentsValidator<{ day: string }> = z.object({ day: z.date() });
 * ```
 */
export interface ArgumentsValidator<Output = unknown> {
  /** How a value is validated. */
  readonly "~standard": {
    /** The version of the specification. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Returns what a value becomes, or the issues with it. */
    readonly validate: (value: unknown) =>
      | {
        readonly value?: Output | undefined;
        readonly issues?:
          | readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]
          | undefined;
      }
      | Promise<{
        readonly value?: Output | undefined;
        readonly issues?:
          | readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]
          | undefined;
      }>;
    /** Types that the compiler reads; there is no value. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Characters of a label that is derived from arguments. */
const LABEL_LENGTH = 80;

/** Whether a value validates arguments, as zod, valibot, arktype and others do. */
export function isValidator(value: unknown): value is ArgumentsValidator {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    "~standard" in value;
}

/**
 * The arguments of a run: those that are declared as plain values under those that were given, or what the validator
 * makes of those that were given.
 *
 * @throws {ArgumentsError} If the validator refuses them
 */
export async function resolveArguments(declared: unknown, given: object): Promise<object> {
  if (!isValidator(declared)) return { ...declared as object | undefined, ...given };
  const result = await declared["~standard"].validate({ ...given });
  if (result.issues) {
    const fields: Record<string, string> = Object.create(null);
    const issues = result.issues.map(({ message, path }) => {
      const parts = path?.map((part) => String((part as { key?: unknown } | null)?.key ?? part));
      const [name, ...inside] = parts ?? [];
      if (name === undefined) return message;
      fields[name] ??= inside.length > 0 ? `${inside.join(".")}: ${message}` : message;
      return `${parts!.join(".")}: ${message}`;
    });
    throw new ArgumentsError(
      `Cannot run with these arguments: ${issues.join("; ") || "no reason is given"}`,
      { cause: { fields } },
    );
  }
  return result.value as object;
}

/** Arguments that note which of them are read. */
export class WatchedArguments {
  readonly #args: object;
  readonly #read = new Set<string>();
  /** The arguments for those who read them. */
  readonly watched: object;

  /** `declared` are default values: their names are known, whether they are read or not. */
  constructor(args: object, declared: unknown) {
    this.#args = args;
    for (const name of Object.keys(Object(declared))) this.#read.add(name);
    const note = (name: string | symbol) => typeof name === "string" && this.#read.add(name);
    this.watched = new Proxy(args, {
      get(target, name) {
        note(name);
        return Reflect.get(target, name);
      },
      has(target, name) {
        note(name);
        return Reflect.has(target, name);
      },
      ownKeys(target) {
        const names = Reflect.ownKeys(target);
        names.forEach(note);
        return names;
      },
    });
  }

  /** Arguments that were not read. */
  get unread(): string[] {
    return Object.keys(this.#args).filter((name) => !this.#read.has(name));
  }

  /**
   * Refuses arguments that were not read.
   *
   * @throws {ArgumentsError} If there is one
   */
  check(): void {
    const { unread } = this;
    if (unread.length === 0) return;
    const read = [...this.#read].filter((name) => name !== "then");
    const known = read.length === 0 ? "the items read none" : `the items read ${read.join(", ")}`;
    throw new ArgumentsError(
      `Cannot run with the argument ${unread.join(", ")}: no argument ${unread[0]}; ${known}. ` +
        `Declare others by the option args of the definition`,
    );
  }
}

/**
 * Arguments as they are stored and compared: JSON, with names in order.
 *
 * @throws {ArgumentsError} If they are not an object that JSON keeps
 */
export function toStoredArguments(args: unknown): string {
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw new ArgumentsError(
      `Cannot run the pipeline: expected an object for args, got ${Deno.inspect(args)}`,
    );
  }
  if (isValidator(args)) return "{}";
  try {
    // The Workers of a pool get them, too.
    structuredClone(args);
    const json = toJson(args, { place: (path) => `args${path}`, bigintAsString: true });
    return JSON.stringify(inOrder(JSON.parse(json!)));
  } catch (error) {
    const { message } = error as Error;
    throw new ArgumentsError(
      /^Cannot /.test(message) ? message : `Cannot keep the arguments: ${message}`,
    );
  }
}

/** The arguments as tasks get them; a definition that is run by itself has declared them only. */
export function taskArguments(args: object = {}): Readonly<Record<string, unknown>> {
  return isValidator(args) ? {} : args as Readonly<Record<string, unknown>>;
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([name, part]) => [name, inOrder(part)]));
}

/** The label of a run: its own, or its arguments in a few words; `undefined` where there are none. */
export function labelOf(stored: string, label?: unknown): string | undefined {
  if (label !== undefined) {
    if (typeof label === "string") return asStored(label);
    const subject = { operation: "run the pipeline", name: "label", expected: "a text" };
    throw new TypeError(unexpected(label, subject));
  }
  const text = Object.entries(JSON.parse(stored)).map(([name, value]) =>
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`
  ).join(", ");
  if (text.length <= LABEL_LENGTH) return asStored(text) || undefined;
  return `${asStored(text.slice(0, LABEL_LENGTH - 1))}…`;
}
