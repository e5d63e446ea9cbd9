/**
 * A temporary folder for the databases of one test.
 *
 * @module
 */

/** Makes a folder that is removed when it goes out of scope. */
export function tempFolder(): Disposable & { path: string; file(name: string): string } {
  const path = Deno.makeTempDirSync({ prefix: "pipeloom_" });
  return {
    path,
    file: (name) => `${path}/${name}`,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
