/**
 * A JSR registry on loopback that has this package, as publishing it would put it there, and a stand-in for
 * `@db/sqlite` if one is wanted. Whatever else is asked for it refuses, as a registry that is out of reach.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { ROOT } from "./child.ts";

/** Files by their path in the package, and what it exports. */
interface Package {
  files: Map<string, string>;
  exports: Record<string, string>;
}

/** What publishing uploads, by its dry run. */
export async function publishedFiles(): Promise<string[]> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`The dry run failed:\n${text}`);
  return text.split("\n").map((line) => line.trim().split(" (")[0]!)
    .filter((line) => line.startsWith(ROOT.href)).map((url) => url.slice(ROOT.href.length)).sort();
}

let published: ReturnType<typeof readPackage> | undefined;

/** This package, as it is when it is first asked for. */
function thisPackage(): ReturnType<typeof readPackage> {
  return published ??= readPackage();
}

/** This package with the names of its import map replaced by what they stand for, as publishing does. */
async function readPackage(): Promise<{ name: string; version: string } & Package> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { name, version, exports } = config;
  const imports = config.imports as Record<string, string>;
  const files = new Map<string, string>();
  for (const path of await publishedFiles()) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    files.set(path, path.endsWith(".ts") ? unmapped(text, imports) : text);
  }
  return { name, version, exports, files };
}

function unmapped(text: string, imports: Record<string, string>): string {
  const places = /(\bfrom |\bimport\(|^import )"((?:@[^/"]+\/)?[^/".][^/"]*)(\/[^"]*)?"/gm;
  return text.replace(places, (whole, before, name, rest = "") => {
    const target = imports[name];
    if (!target) return whole;
    return `${before}"${rest ? target.replace(":", ":/") : target}${rest}"`;
  });
}

/** A `@db/sqlite` over the built-in library: enough of it to be found, loaded and written through. */
const STAND_IN = `
import { DatabaseSync } from "node:sqlite";
class Statement {
  constructor(db, sql) { this.sql = sql; this.readonly = true; this.s = db.prepare(sql); }
  get bindParameterCount() {
    const numbers = [...this.sql.matchAll(/\\?(\\d+)?/g)].map(([, n], i) => Number(n ?? i + 1));
    return Math.max(0, ...numbers);
  }
  columnNames() { return this.s.columns().map(({ name }) => name); }
  run(params) { return Number(this.s.run(...params).changes); }
  values(params) { return this.s.all(...params).map((row) => Object.values(row)); }
  value(params) { return this.values(params)[0]; }
  finalize() {}
}
export class Database {
  constructor(path, { readonly }) { this.db = new DatabaseSync(path, { readOnly: readonly }); }
  exec(sql) { this.db.exec(sql); return 0; }
  prepare(sql) { return new Statement(this.db, sql); }
  get inTransaction() { return this.db.isTransaction; }
  close() { this.db.close(); }
}
`;

/** The registry. Programs find it by `JSR_URL`. */
export class Registry implements AsyncDisposable {
  /** Paths that it was asked for. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #answers = new Map<string, { type: string; body: string }>();

  private constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ({ url }) => {
        const { pathname } = new URL(url);
        this.asked.push(pathname);
        const answer = this.#answers.get(pathname);
        // Unlike "not found" this is not remembered.
        if (!answer) return new Response(null, { status: 403 });
        return new Response(answer.body, { headers: { "Content-Type": answer.type } });
      },
    );
  }

  /** Starts a registry that has this package, and with `sqlite` a stand-in for `@db/sqlite`. */
  static async start({ sqlite = false } = {}): Promise<Registry> {
    const registry = new Registry();
    const { name, version, ...contents } = await thisPackage();
    registry.#add(name, version, contents);
    if (sqlite) {
      const files = new Map([["mod.js", STAND_IN]]);
      registry.#add("@db/sqlite", "0.13.0", { files, exports: { ".": "./mod.js" } });
    }
    return registry;
  }

  /** Its address. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  #add(name: string, version: string, { files, exports }: Package): void {
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for (const [path, body] of files) {
      const checksum = `sha256-${createHash("sha256").update(body).digest("hex")}`;
      manifest[`/${path}`] = { size: new TextEncoder().encode(body).length, checksum };
      this.#answers.set(`/${name}/${version}/${path}`, { type: typeOf(path), body });
    }
    const put = (path: string, body: object) =>
      this.#answers.set(`/${name}/${path}`, {
        type: "application/json",
        body: JSON.stringify(body),
      });
    put("meta.json", { latest: version, versions: { [version]: {} } });
    put(`${version}_meta.json`, { manifest, exports });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function typeOf(path: string): string {
  if (path.endsWith(".ts")) return "text/typescript";
  if (path.endsWith(".js")) return "text/javascript";
  return path.endsWith(".json") ? "application/json" : "text/plain";
}
