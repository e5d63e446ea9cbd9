/**
 * The public names with their members and comments, as `deno doc --json` has them. Types are shown as the sources
 * write them.
 *
 * @module
 */

/** The root of the repository. */
export const ROOT = new URL("../../", import.meta.url);

interface JsDoc {
  doc?: string;
  tags?: { kind: string; doc?: string; value?: string }[];
}

/** What has a name and a comment, and stands in a source. */
export interface Declared {
  name: string;
  jsDoc?: JsDoc;
  location: { filename: string; line: number; col: number };
}

/** A property or a method of an interface or a class. */
interface Member extends Declared {
  optional?: boolean;
  isStatic?: boolean;
  accessibility?: string;
  /** Of a method: `method` or `getter`. */
  kind?: string;
}

interface Definition {
  properties?: Member[];
  methods?: Member[];
}

interface Declaration extends Declared {
  kind: string;
  def?: Definition;
}

/** A public name. */
export interface PublicName {
  name: string;
  declarations: Declaration[];
}

/** An entry of the package with the names that it exports. */
export interface Entry {
  /** Such as `@pipeloom/pipeloom/db`. */
  name: string;
  symbols: PublicName[];
}

/** What the package exports. */
export class Api {
  readonly entries: readonly Entry[];
  readonly #names = new Map<string, Declaration>();
  readonly #sources = new Map<string, string[]>();

  private constructor(entries: Entry[]) {
    this.entries = entries;
    for (const { name, declarations: [declaration] } of entries.flatMap(({ symbols }) => symbols)) {
      // An entry that exports what another defines only refers to it.
      if (declaration && (declaration.kind !== "reference" || !this.#names.has(name))) {
        this.#names.set(name, declaration);
      }
    }
  }

  /** Asks `deno doc`. */
  static async read(): Promise<Api> {
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const paths = Object.entries<string>(config.exports);
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["doc", "--json", ...paths.map(([, path]) => path)],
      cwd: ROOT,
      stderr: "null",
    }).output();
    if (!success) throw new Error("Cannot read the public names: deno doc --json failed");
    const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
    return new Api(paths.map(([entry, path]) => ({
      name: config.name + entry.slice(1),
      symbols: nodes[new URL(path, ROOT).href].symbols,
    })));
  }

  /** Whether an entry exports it. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** What a name is declared as. */
  declarationOf(name: string): Declaration {
    const declaration = this.#names.get(name);
    if (!declaration) throw new Error(`Cannot describe ${name}: no entry exports it`);
    return declaration;
  }

  /** Its own properties, and its methods, each with what it is called by. */
  membersOf(name: string): { properties: Member[]; methods: Member[] } {
    const { properties = [], methods = [] } = this.declarationOf(name).def ?? {};
    const isShown = ({ name, jsDoc, accessibility }: Member) =>
      !name.startsWith("[") && accessibility === undefined &&
      !jsDoc?.tags?.some(({ kind }) => kind === "ignore");
    const getters = methods.filter(({ kind }) => kind === "getter");
    return {
      properties: [...properties, ...getters].filter(isShown),
      methods: methods.filter((method) => method.kind !== "getter" && isShown(method)),
    };
  }

  /** How the source declares a member, from its name to its end, on one line. */
  sourceOf({ location: { filename, line, col } }: Declared): string {
    let lines = this.#sources.get(filename);
    if (!lines) {
      lines = Deno.readTextFileSync(new URL(filename)).split("\n");
      this.#sources.set(filename, lines);
    }
    // Lines and columns are counted from 0.
    const rest = [lines[line]!.slice(col), ...lines.slice(line + 1, line + 40)].join("\n");
    return rest.slice(0, endOf(rest)).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
      .replace(/^(export |async |function\*? |static |override |readonly |get |\* )+/, "")
      .replaceAll(/\s+/g, " ").replaceAll(/,? ([)}\]])/g, " $1").replaceAll(
        /([([]) | ([)\]])/g,
        "$1$2",
      )
      .trim();
  }

  /** The type of a property, without the `undefined` of one that is optional. */
  typeOf(member: Member): string {
    const source = this.sourceOf(member);
    const colon = source.indexOf(":");
    if (colon < 0) return "";
    return source.slice(colon + 1).trim().replace(/^\| /, "").replace(/ \| undefined$/, "")
      .replace(/^\((\(.*\) => .*)\)$/, "$1");
  }
}

/** Where a declaration ends: at a semicolon, or where a body begins, outside of all brackets. */
function endOf(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const isArrow = char === ">" && text[i - 1] === "=";
    // After a parameter list a brace begins a body, unless a type is expected there.
    if (depth === 0 && (char === ";" || (char === "=" && text[i + 1] !== ">"))) return i;
    if (depth === 0 && char === "{" && !/[:|&]\s*$/.test(text.slice(0, i))) return i;
    if ("([{<".includes(char)) depth++;
    else if (")]}>".includes(char) && !isArrow) depth--;
  }
  return text.length;
}

/** A comment as Markdown: links to names become code, and its lines flow. */
export function toMarkdown(doc: string | undefined): string {
  return (doc ?? "").replaceAll(/\{@link(?:code)? ([^}]+)\}/g, "`$1`").trim();
}

/** The text of a tag such as `@default`. */
export function tagOf({ jsDoc }: Declared, kind: string): string | undefined {
  const tag = jsDoc?.tags?.find((tag) => tag.kind === kind);
  return tag && (tag.value ?? tag.doc);
}
