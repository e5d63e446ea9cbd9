/**
 * The page and what it loads, ready to be served: nothing is built and nothing is read from disk.
 *
 * All files lie under a folder named after a hash of them all, so that a browser keeps them for ever and never
 * mixes two versions.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { ICON, INDEX, SCRIPT, STYLE } from "./client.gen.ts";

/** One file. */
export interface Asset {
  /** Its text. */
  text: string;
  /** Its media type. */
  type: string;
}

const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["page.js", { text: SCRIPT, type: "text/javascript; charset=utf-8" }],
  ["page.css", { text: STYLE, type: "text/css; charset=utf-8" }],
  ["icon.svg", { text: ICON, type: "image/svg+xml" }],
]);

const version = createHash("sha256").update(JSON.stringify([INDEX, ...ASSETS])).digest("hex")
  .slice(0, 16);

/** The policy of the page: what it may run and load is what it came with. */
export const CONTENT_SECURITY_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A file of this version of the page. */
export function findAsset(path: string): Asset | undefined {
  const [folder, name = "", ...more] = path.split("/");
  if (more.length === 0 && folder === version) return ASSETS.get(name);
  return undefined;
}

/**
 * The page, where relative addresses begin at `base`. `home` leads to the first page of a server of several databases,
 * where there is one.
 */
export function renderPage(base: string, home?: string): string {
  const addresses: Record<string, string> = {
    base: base.replace(/[<>"&]/g, encodeURIComponent),
    icon: `assets/${version}/icon.svg`,
    style: `assets/${version}/page.css`,
    script: `assets/${version}/page.js`,
  };
  const page = INDEX.replace(/{{(\w+)}}/g, (_, name) => addresses[name]!);
  return home === undefined ? page : page.replace('id="app"', `id="app" data-home="${home}"`);
}
