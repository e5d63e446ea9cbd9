/**
 * The arguments of a definition as a form asks for them, and as a form may give them.
 *
 * A validator of the Standard Schema does not list its fields. Libraries that also implement the Standard JSON
 * Schema do, and so do those whose schemas make a JSON Schema by a method of their own; of others a form takes any
 * names, and the validator has the last word.
 *
 * @module
 */
import { ArgumentsError } from "../../../errors.ts";
import type { ArgumentField, ArgumentsForm } from "../../../dashboard/api/pipelines.ts";
import type { PipelineDefinition } from "../../../pipeline/pipeline_options.ts";
import { isValidator } from "../../../pipeline/run_arguments.ts";

/** What is read of a JSON Schema. */
interface JsonSchema {
  type?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: unknown;
  default?: unknown;
  enum?: unknown;
  description?: unknown;
}

/** The form of a definition's arguments. */
export function describeArguments(
  { args, items, schema, label }: PipelineDefinition<unknown>,
): ArgumentsForm {
  if (isValidator(args)) return fromSchema(schemaOf(args));
  if (args) return { fields: Object.entries(args).map(fromDefault), others: false };
  const readers = [items, schema, label].filter((part) => typeof part === "function");
  return { fields: [], others: readers.some(({ length }) => length > 0) };
}

/**
 * Refuses arguments of other types than their default values, and names that are not declared.
 *
 * @throws {ArgumentsError} If there is one
 */
export function checkDeclared(declared: unknown, given: object): void {
  if (isValidator(declared) || !declared) return;
  const known = new Map(Object.entries(declared));
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    if (!known.has(name)) return [[name, "there is no such argument"]];
    const [wanted, got] = [kindOf(known.get(name)), kindOf(value)];
    return wanted === got || wanted === "null" ? [] : [[name, `expected ${wanted}, got ${got}`]];
  });
  if (wrong.length === 0) return;
  const texts = wrong.map(([name, text]) => `${name}: ${text}`);
  throw new ArgumentsError(`Cannot run with these arguments: ${texts.join("; ")}`, {
    cause: { fields: Object.fromEntries(wrong) },
  });
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function fromDefault([name, value]: [string, unknown]): ArgumentField {
  const types = { string: "text", number: "number", boolean: "boolean" } as const;
  const type = types[typeof value as keyof typeof types] ?? "json";
  return { name, type, required: false, default: value };
}

/** The JSON Schema of what a validator takes, where it can be had. */
function schemaOf(validator: object): JsonSchema | undefined {
  const it = validator as {
    "~standard": { jsonSchema?: { input?: (options: object) => unknown } };
    toJSONSchema?: (options?: object) => unknown;
    toJsonSchema?: () => unknown;
  };
  const ways = [
    () => it["~standard"].jsonSchema?.input?.({ target: "draft-2020-12" }),
    () => it.toJSONSchema?.({ io: "input" }),
    () => it.toJsonSchema?.(),
  ];
  for (const way of ways) {
    try {
      const schema = way();
      if (schema && typeof schema === "object") return schema as JsonSchema;
    } catch {
      // It has a part that JSON has not.
    }
  }
  return "properties" in validator ? validator as JsonSchema : undefined;
}

function fromSchema(schema: JsonSchema | undefined): ArgumentsForm {
  if (!schema?.properties) return { fields: [], others: true };
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(schema.properties).map(([name, property]) => {
    const field: ArgumentField = {
      name,
      type: typeOf(property),
      required: required.includes(name) && property.default === undefined,
    };
    if (property.default !== undefined) field.default = property.default;
    if (typeof property.description === "string") field.description = property.description;
    if (Array.isArray(property.enum) && property.enum.every(isChoice)) {
      field.choices = property.enum;
    }
    return field;
  });
  return { fields, others: false };
}

function isChoice(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function typeOf({ type, enum: choices }: JsonSchema): ArgumentField["type"] {
  switch (type) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return type;
    default: {
      const isText = type === undefined && Array.isArray(choices) &&
        choices.every((choice) => typeof choice === "string");
      return isText ? "text" : "json";
    }
  }
}
