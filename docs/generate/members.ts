/**
 * Options, properties and methods as Markdown, from their comments.
 *
 * @module
 */
import { type Api, type Declared, tagOf, toMarkdown } from "./api.ts";

/** In what a number is given, by how its name ends. */
const UNITS: readonly [RegExp, string][] = [
  [/Ms$/, "milliseconds"],
  [/Bytes$/, "bytes"],
];

/** The properties that these names declare themselves: a heading, its type, default and unit, and its comment. */
export function renderOptions(api: Api, names: readonly string[]): string {
  return names.flatMap((name) => api.membersOf(name).properties).map((member) => {
    const unit = UNITS.find(([ending]) => ending.test(member.name))?.[1];
    const preset = tagOf(member, "default");
    const facts = [
      `\`${api.typeOf(member)}\``,
      preset === undefined ? member.optional ? "" : "required" : `default: ${toValue(preset)}`,
      unit && !member.jsDoc?.doc?.includes(unit) ? `in ${unit}` : "",
    ];
    return `### \`${member.name}\`\n\n${facts.filter(Boolean).join(" · ")}\n\n` +
      toMarkdown(member.jsDoc?.doc);
  }).join("\n\n");
}

/** The methods of these names, overloads below each other. */
export function renderMethods(api: Api, names: readonly string[]): string {
  return names.flatMap((name) => {
    const { methods } = api.membersOf(name);
    return [...Map.groupBy(methods, ({ name }) => name).values()].map((overloads) =>
      renderCalls(api, overloads)
    );
  }).join("\n\n");
}

/** Functions of the package. */
export function renderFunctions(api: Api, names: readonly string[]): string {
  return names.map((name) => renderCalls(api, [api.declarationOf(name)], name)).join("\n\n");
}

function renderCalls(
  api: Api,
  overloads: readonly Declared[],
  name: string | undefined = overloads[0]?.name,
): string {
  const calls = overloads.map((overload) => `${wrap(api.sourceOf(overload))};`).join("\n");
  const texts = overloads.map(({ jsDoc }) => toMarkdown(jsDoc?.doc));
  const failures = overloads.flatMap(({ jsDoc }) =>
    (jsDoc?.tags ?? []).filter(({ kind }) => kind === "throws").map((tag) => {
      const { tsType } = tag as { tsType?: { repr?: string } };
      return `- Throws \`${tsType?.repr ?? "Error"}\`: ${toMarkdown(tag.doc)}.`;
    })
  );
  return `### \`${name}()\`\n\n\`\`\`ts ignore\n${calls}\n\`\`\`\n\n` +
    [...texts, [...new Set(failures)].join("\n")].filter(Boolean).join("\n\n");
}

/** Properties in short: a table of names, types and first sentences. */
export function renderTable(api: Api, names: readonly string[]): string {
  const rows = names.flatMap((name) => api.membersOf(name).properties).map((member) => {
    const type = api.typeOf(member).replaceAll("|", "\\|");
    return `| \`${member.name}\` | \`${type}\` | ${flow(toMarkdown(member.jsDoc?.doc))} |`;
  });
  return ["| Name | Type | Meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The error classes of the package. */
export function renderErrors(api: Api): string {
  const classes = new Map(
    api.entries.flatMap(({ symbols }) => symbols)
      .filter(({ name, declarations: [declaration] }) =>
        name.endsWith("Error") && declaration?.kind === "class"
      )
      .map(({ name }) => [name, api.declarationOf(name)]),
  );
  return [...classes].map(([name, { jsDoc }]) => {
    const example = tagOf({ ...api.declarationOf(name), jsDoc: jsDoc ?? {} }, "example") ?? "";
    const code = example.slice(Math.max(0, example.indexOf("```")));
    const members = api.membersOf(name).properties.filter(({ name }) => name !== "name");
    const list = members.map((member) =>
      `- \`${member.name}\`: \`${api.typeOf(member)}\`. ${flow(toMarkdown(member.jsDoc?.doc))}`
    );
    return [
      `## \`${name}\``,
      toMarkdown(jsDoc?.doc),
      list.join("\n"),
      code.replace("```ts\n", "```ts ignore\n"),
    ]
      .filter(Boolean).join("\n\n");
  }).join("\n\n");
}

/** The entries of the package with the names that each exports. */
export function renderExports(api: Api): string {
  const kinds: Readonly<Record<string, string>> = {
    class: "Classes",
    function: "Functions",
    interface: "Types",
    typeAlias: "Types",
  };
  return api.entries.map(({ name, symbols }) => {
    const byKind = Map.groupBy(
      symbols,
      ({ name }) => kinds[api.declarationOf(name).kind] ?? "Values",
    );
    const lines = ["Functions", "Classes", "Values", "Types"].flatMap((kind) => {
      const names = byKind.get(kind)?.map(({ name }) => `\`${name}\``) ?? [];
      return names.length > 0 ? [`- ${kind}: ${names.join(", ")}`] : [];
    });
    return `### \`${name}\`\n\n${lines.join("\n")}`;
  }).join("\n\n");
}

/** A default as code, unless it is a sentence. */
function toValue(text: string): string {
  return /^("[^"]*"|\d[\d_]*|true|false|null|\{|\[.*\])$/.test(text)
    ? `\`${text.replace(/^\{$/, "{}")}\``
    : text;
}

/** Characters of a line of code. */
const LINE = 90;

/** A signature that is too long for a line, with a line for each parameter. */
function wrap(signature: string): string {
  if (signature.length <= LINE) return signature;
  const from = signature.indexOf("(");
  const parameters: string[] = [];
  let depth = 0;
  let start = from + 1;
  for (let i = from; i < signature.length; i++) {
    const char = signature[i]!;
    const isArrow = char === ">" && signature[i - 1] === "=";
    if ("([{<".includes(char)) depth++;
    else if (")]}>".includes(char) && !isArrow) depth--;
    if ((char === "," && depth === 1) || depth === 0) {
      parameters.push(`  ${signature.slice(start, i).trim()},\n`);
      start = i + 1;
      if (depth === 0) {
        return `${signature.slice(0, from)}(\n${parameters.join("")})${signature.slice(start)}`;
      }
    }
  }
  return signature;
}

/** A text on one line. */
function flow(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
