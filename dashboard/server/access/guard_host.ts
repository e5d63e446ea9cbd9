/**
 * Which requests are answered at all: the guards before every route.
 *
 * - A page of another site can make a browser send requests here by a name that resolves to this machine (DNS
 *   rebinding). Such requests carry that name, so only known hosts are answered.
 * - No response grants CORS, and requests marked as coming from another site are refused. A link of another
 *   site may lead to the page, and to nothing else.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { hostsOf, type Names } from "./origins.ts";

/** Headers that keep a page from doing anything but what it is for. */
export function fixedHeaders(): MiddlewareHandler {
  return secureHeaders({
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
    // Whether the name is served by https alone is known to the proxy.
    strictTransportSecurity: false,
  });
}

/** Refuses what comes under an unknown name. */
export function guardHost(names: Names): MiddlewareHandler {
  const known = hostsOf(names);
  return async (c, next) => {
    const host = hostAndPort(c).replace(/:\d*$/, "");
    if (!known.has(host)) {
      const error =
        `Cannot answer for the host ${JSON.stringify(host)}: it is not an allowed host. ` +
        `Add it to allowedHosts (--name on the command line)`;
      return c.json({ error }, 403);
    }
    await next();
    return undefined;
  };
}

/** Refuses what another site sends, but for a link to the page. */
export function guardSite(): MiddlewareHandler {
  return async (c, next) => {
    if (isForeign(c) && !isNavigation(c)) return refuse(c);
    await next();
    return undefined;
  };
}

/** Refuses a link of another site to what is not the page. */
export function guardNavigation(): MiddlewareHandler {
  return async (c, next) => {
    if (isForeign(c)) return refuse(c);
    await next();
    return undefined;
  };
}

/** The name and port in the `Host` header. */
export function hostAndPort(c: Context): string {
  return (c.req.header("Host") ?? new URL(c.req.url).host).toLowerCase();
}

function refuse(c: Context): Response {
  return c.json({ error: "Cannot answer a request of another site" }, 403);
}

function isForeign(c: Context): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function isNavigation(c: Context): boolean {
  const target = c.req.header("Sec-Fetch-Dest") ?? "document";
  return c.req.header("Sec-Fetch-Mode") === "navigate" && target === "document";
}
