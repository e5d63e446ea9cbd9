/**
 * Who may look: the guard before every route.
 *
 * - A page of another site can make a browser send requests here by a name that resolves to this machine (DNS
 *   rebinding). Such requests carry that name, so only known hosts are answered.
 * - No response grants CORS, and requests that say they come from another site are refused.
 * - Where a token is demanded it comes as `Authorization: Bearer`, or as the cookie that `POST api/session`
 *   sets. It is compared in constant time, is never part of a URL that reaches a server, and never logged.
 * - What changes something demands a token of its own in a header, which no other site can make a browser send,
 *   never a cookie, which browsers send by themselves; and an `Origin` that is the dashboard's own.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** Who may look. */
export interface Access {
  /** Names, without ports, under which the dashboard may be asked for. */
  allowedHosts: readonly string[];
  /** What must be known, if anything. */
  token?: string;
}

const COOKIE = "pipeloom_token";

/** Headers that keep a page from doing anything but what it is for. */
const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** Sets the headers, and refuses what comes under a wrong name or from another site. */
export function guardHost({ allowedHosts }: Access): MiddlewareHandler {
  const known = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    const host = hostOf(c);
    if (!known.has(host)) {
      return c.json({ error: `${JSON.stringify(host)} is not among the allowed hosts` }, 403);
    }
    // A link from another page may lead here; nothing else of another site may.
    const site = c.req.header("Sec-Fetch-Site");
    const isLink = c.req.header("Sec-Fetch-Mode") === "navigate";
    if (site && site !== "same-origin" && site !== "none" && !isLink) {
      return c.json({ error: "Requests of other sites are not answered" }, 403);
    }
    await next();
  };
}

/** Refuses whoever does not know the token. */
export function guardToken({ token }: Access): MiddlewareHandler {
  return async (c, next) => {
    const given = bearer(c) ?? getCookie(c, COOKIE);
    if (token !== undefined && !isEqual(given ?? "", token)) {
      return c.json({ error: "A token is needed: sign in, or send Authorization: Bearer" }, 401);
    }
    await next();
  };
}

/** Refuses whoever does not know the token of those who may control runs. */
export function guardControl(controlToken: string): MiddlewareHandler {
  return async (c, next) => {
    if (!isEqual(c.req.header("X-Pipeloom-Control") ?? "", controlToken)) {
      const error = "Only who opened the dashboard by its control address may do this: send its " +
        "token as X-Pipeloom-Control";
      return c.json({ error }, 401);
    }
    await next();
  };
}

/**
 * Refuses what a page of another site sends, and what does not say which page sends it. The scheme is left out: a
 * proxy may answer by https what is served by http here.
 */
export function guardOrigin(): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("Origin") ?? "";
    const isWeb = /^https?:$/.test(URL.parse(origin)?.protocol ?? "");
    if (!isWeb || origin.replace(/^\w+:\/\//, "").toLowerCase() !== hostAndPort(c)) {
      return c.json({ error: "Only this dashboard's own pages may do this: send its Origin" }, 403);
    }
    await next();
  };
}

/** Answers `POST api/session`: who knows the token gets it as a cookie that no script can read. */
export function signIn({ token }: Access): (c: Context) => Response {
  return (c) => {
    if (token !== undefined) {
      if (!isEqual(bearer(c) ?? "", token)) return c.json({ error: "The token is wrong" }, 401);
      const path = c.req.path.replace(/api\/session$/, "");
      const secure = new URL(c.req.url).protocol === "https:";
      setCookie(c, COOKIE, token, { path, httpOnly: true, sameSite: "Strict", secure });
    }
    return c.body(null, 204);
  };
}

/** Whether a hostname can be reached from this machine only. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

/** The name in the `Host` header, without its port. */
function hostOf(c: Context): string {
  return hostAndPort(c).replace(/:\d*$/, "");
}

function hostAndPort(c: Context): string {
  return (c.req.header("Host") ?? new URL(c.req.url).host).toLowerCase();
}

function bearer(c: Context): string | undefined {
  return c.req.header("Authorization")?.match(/^Bearer (.+)$/i)?.[1];
}

/** Compares in a time that tells nothing of where two texts differ. */
function isEqual(given: string, token: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(given), encoder.encode(token)];
  // Compared with itself when the lengths differ: only the length shows.
  return timingSafeEqual(a.length === b.length ? a : b, b) && a.length === b.length;
}
