/**
 * A badge of each pipeline: a small picture with its name and how its last run ended, for other pages to show. So,
 * unlike all else, pages of other sites may request it; with a token it may be seen by those who may look.
 *
 * @module
 */
import type { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { PipelineInfo } from "../../api.ts";
import { guardHost } from "../access/guard_host.ts";
import { type Access, guardToken } from "../access/guard_token.ts";
import type { PipelineHost } from "../pipeline_host.ts";

/** Seconds for which a copy is good. */
const FRESH_S = 30;

/** Characters of a name. */
const MAX_NAME = 40;

/** Width of a character in pixels, about: the text is fitted to it. */
const CHARACTER = 6.6;

const COLOURS: Readonly<Record<string, string>> = {
  done: "#17805f",
  error: "#c43a17",
  interrupted: "#c43a17",
  cancelled: "#6b6b76",
  running: "#1f66bd",
  paused: "#6b6b76",
};

/** Adds them. */
export function addBadges(app: Hono, host: PipelineHost, access: Access): void {
  const headers = secureHeaders({
    crossOriginResourcePolicy: "cross-origin",
    strictTransportSecurity: false,
  });
  app.get("/badge/:file", headers, guardHost(access), guardToken(access), async (c) => {
    const id = c.req.param("file").replace(/\.svg$/, "");
    const pipeline = (await host.list()).find((one) => one.id === id);
    if (!pipeline) return c.json({ error: `There is no pipeline ${id}` }, 404);
    const svg = drawBadge(pipeline.name, statusOf(pipeline));
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(svg));
    const tag = `"${new Uint8Array(hash).toHex().slice(0, 16)}"`;
    const caching = {
      ETag: tag,
      "Cache-Control": `${access.token === undefined ? "public" : "private"}, max-age=${FRESH_S}`,
    };
    if (c.req.header("If-None-Match") === tag) return c.body(null, 304, caching);
    return c.body(svg, 200, {
      ...caching,
      "Content-Type": "image/svg+xml; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    });
  });
}

/** The status on the badge of a pipeline. */
function statusOf({ state, runs }: PipelineInfo): string {
  return state === "failed" ? "error" : runs.at(-1)?.status ?? "no run yet";
}

/** The picture. */
export function drawBadge(name: string, status: string): string {
  const characters = [...name];
  const short = characters.length > MAX_NAME
    ? `${characters.slice(0, MAX_NAME - 1).join("")}…`
    : name;
  const [left, right] = [short, status].map((text) => Math.ceil([...text].length * CHARACTER) + 12);
  const width = left! + right!;
  const text = (x: number, length: number, words: string) =>
    `<text x="${x}" y="14" textLength="${length - 12}">${escapeText(words)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img">` +
    `<title>${escapeText(`${short}: ${status}`)}</title>` +
    `<rect width="${width}" height="20" rx="3" fill="#3a3a42"/>` +
    `<path d="M${left} 0h${right! - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${right! - 3}z" ` +
    `fill="${COLOURS[status] ?? "#6b6b76"}"/>` +
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">` +
    text(6, left!, short) + text(left! + 6, right!, status) + "</g></svg>\n";
}

/** A text within XML. Characters that XML has not are left out. */
function escapeText(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
