/**
 * The page, the files that it loads, and the answer to whatever is asked for besides: they are added last.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { routePath } from "hono/route";
import { CONTENT_SECURITY_POLICY, findAsset, renderPage } from "../assets.ts";

/** Adds them. `home` is the way from the page to the first page of a server of several databases; `""` is that page. */
export function addPage(app: Hono, home?: string): void {
  const showPage = (c: Context) => answerPage(c, home);
  app.get("/assets/:path{.+}", (c) => {
    const asset = findAsset(c.req.param("path"));
    if (!asset) return c.json({ error: "There is no such file" }, 404);
    return c.body(asset.text, 200, {
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  app.get("/", showPage);
  app.all("*", (c) => {
    const { method, path } = c.req;
    // Where the app is mounted at a path, a slash at its end is not another page.
    const isPage = path === routePath(c).slice(0, -1);
    const isSession = path.endsWith("/api/session");
    if (isSession ? method === "POST" : method === "GET" || method === "HEAD") {
      return isPage ? showPage(c) : c.json({ error: "There is nothing here" }, 404);
    }
    const allowed = isSession ? "POST" : "GET, HEAD";
    return c.json({ error: `${method} is not answered here: use ${allowed}` }, 405, {
      Allow: allowed,
    });
  });
}

function answerPage(c: Context, home: string | undefined): Response {
  // Relative addresses begin below the page, whether its own ends with a slash or not.
  const last = c.req.path.split("/").at(-1)!;
  return c.html(renderPage(last === "" ? "./" : `./${last}/`, home), 200, {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",
  });
}
