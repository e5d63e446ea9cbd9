/**
 * A project that uses the package, in a folder of its own.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { ROOT } from "./child.ts";
import { tempFolder } from "./temp.ts";

const { name: NAME, version: VERSION } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

/** A project that uses the package, with a cache of its own that has npm's packages and nothing else. */
export class Project implements Disposable {
  /** Its folder. */
  readonly folder = tempFolder();
  readonly #cache = tempFolder();
  /** The environment of what it runs. */
  readonly env: Record<string, string>;

  constructor(jsrUrl: string, links: readonly string[] = []) {
    this.env = {
      DENO_DIR: this.#cache.path,
      // The base binary of deno compile, which would be fetched: what is embedded does not depend on it.
      DENORT_BIN: "/usr/bin/env",
      DENO_SQLITE_PATH: "",
      JSR_URL: jsrUrl,
      NO_COLOR: "1",
      PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`,
    };
    Deno.symlinkSync(npmCache, `${this.#cache.path}/npm`);
    this.write("deno.json", JSON.stringify({ imports: { [NAME]: `jsr:${NAME}@^0.1` }, links }));
  }

  /** Makes the cache forget a module of the package, or what stands in its folder of the compiled one. */
  forget(path: string, registry: string): void {
    const { hostname, port } = new URL(registry);
    const url = `/${NAME}/${VERSION}/${path}`;
    const name = createHash("sha256").update(url).digest("hex");
    Deno.removeSync(`${this.#cache.path}/remote/http/${hostname}_PORT${port}/${name}`);
  }

  /** Puts something where the package of the FFI driver keeps the library that it fetches from its release. */
  cacheLibrary(): void {
    const { os, arch } = Deno.build;
    const end = os === "darwin" ? ".dylib" : os === "windows" ? ".dll" : ".so";
    const name = `${os === "windows" ? "" : "lib"}sqlite3${arch === "aarch64" ? "_aarch64" : ""}`;
    const url = `/denodrivers/sqlite3/releases/download/0.13.0/${name}${end}`;
    const folder = `${this.#cache.path}/plug/https/github.com`;
    Deno.mkdirSync(folder, { recursive: true });
    const hash = createHash("sha256").update(url).digest("hex");
    Deno.writeTextFileSync(`${folder}/${hash}${end}`, "");
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(this.folder.file(name), text);
  }

  /** Runs `deno` with these words and returns what it printed. */
  async deno(...args: string[]): Promise<string> {
    return (await this.run(...args)).out;
  }

  /** Runs `deno` with these words and returns its stdout and its stderr. */
  async run(...args: string[]): Promise<{ out: string; err: string }> {
    return await this.start(Deno.execPath(), ...args);
  }

  /** Runs a line as a shell does, which finds `deno`; `prefix` is what starts the shell. */
  async shell(line: string, prefix: readonly string[] = []): Promise<{ out: string; err: string }> {
    const [program, ...args] = [...prefix, "/bin/sh", "-c", line];
    return await this.start(program!, ...args);
  }

  /** Runs a program to its end. */
  async start(program: string, ...args: string[]): Promise<{ out: string; err: string }> {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      cwd: this.folder.path,
      env: this.env,
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (code !== 0) {
      throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${out}${err}`);
    }
    return { out: out!, err: err! };
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
    this.#cache[Symbol.dispose]();
  }
}

async function findNpmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** Where npm's packages are cached. */
export const npmCache: string = await findNpmCache();
