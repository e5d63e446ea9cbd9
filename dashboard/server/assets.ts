/**
 * The page and what it loads, ready to be served: nothing is built and nothing is read from disk.
 *
 * The libraries come from npm as they are published; an import map in the page gives them the names by which
 * the page's modules import them. All files lie under a folder named after a hash of them all, so that a
 * browser keeps them for ever and never mixes two versions.
 *
 * @module
 */
import { createHash } from "node:crypto";
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import { CLIENT_FILES, INDEX } from "./client_files.ts";

/** Libraries by the name that modules import. */
export const LIBRARIES: Readonly<Record<string, string>> = {
  "htm": htm,
  "preact": preact,
  "preact/hooks": hooks,
  // Its module is not minified; its script is.
  "uplot": `${uplot}\nexport default uPlot;\n`,
};

/** Style sheets by the name of their file. */
export const STYLES: Readonly<Record<string, string>> = {
  "style.css": CLIENT_FILES["style.css"] ?? "",
  "uplot.css": uplotCss,
};

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const files = new Map(Object.entries({ ...CLIENT_FILES, ...STYLES }));
for (const [name, text] of Object.entries(LIBRARIES)) {
  files.set(fileOf(name), text.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
}

const version = createHash("sha256").update(JSON.stringify([INDEX, ...files])).digest("hex")
  .slice(0, 16);
const folder = `assets/${version}`;

const importMap = JSON.stringify({
  imports: Object.fromEntries(
    Object.keys(LIBRARIES).map((name) => [name, `./${folder}/${fileOf(name)}`]),
  ),
});

/** The policy of the page: what it may run and load is what it came with. */
export const CONTENT_SECURITY_POLICY: string = [
  "default-src 'none'",
  `script-src 'self' '${hashOf(importMap)}'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** One file. */
export interface Asset {
  /** Its text. */
  text: string;
  /** Its media type. */
  type: string;
}

/** A file of this version of the page. */
export function findAsset(path: string): Asset | undefined {
  const [asked, name = "", ...more] = path.split("/");
  const text = more.length === 0 && asked === version ? files.get(name) : undefined;
  if (text === undefined) return;
  return { text, type: TYPES[name.split(".").at(-1)!]! };
}

/** The page, where relative addresses begin at `base`. */
export function renderPage(base: string): string {
  return INDEX.replaceAll("{{base}}", base.replace(/[<>"&]/g, encodeURIComponent))
    .replaceAll("{{assets}}", folder)
    .replaceAll("{{importmap}}", importMap);
}

/** The source expression for a script of this text. */
export function hashOf(script: string): string {
  return `sha256-${createHash("sha256").update(script).digest("base64")}`;
}

function fileOf(library: string): string {
  return `${library.replace("/", "_")}_library.js`;
}
