/**
 * Ends the import of the package by another runtime with an error that says why. Each entry imports this module before
 * any other, and `package.json` gives it to Node and Bun instead of the entries, which they may be unable to read.
 *
 * Plain JavaScript, because both run it as it stands.
 *
 * @module
 */
if (globalThis.Deno?.version?.deno === undefined) {
  throw new Error(
    `Cannot load @pipeloom/pipeloom in ${runtime()}: it runs on Deno only. Install Deno, for example with ` +
      "npm install -g deno, and start the program with deno run",
  );
}

/** What this is, as far as it says. */
function runtime() {
  const { Bun, navigator, process } = globalThis;
  if (Bun) return `Bun ${Bun.version}`;
  if (process?.versions?.node) return `Node ${process.versions.node}`;
  return navigator?.userAgent ?? "this runtime";
}
