/**
 * Who may change something: a token of its own in a header, which no other site can make a browser send, never a
 * cookie, which browsers send by themselves; and an `Origin` that is the dashboard's own.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { hostAndPort } from "./guard_host.ts";
import { type Access, refuseWrongToken } from "./guard_token.ts";
import { isOriginOf } from "./origins.ts";

/** Refuses a request without the control token. */
export function guardControl(controlToken: string, access: Access): MiddlewareHandler {
  const error =
    "Cannot control runs without the control token. Open the dashboard by its control " +
    "address, or send the token as X-Pipeloom-Control";
  return async (c, next) => {
    const given = c.req.header("X-Pipeloom-Control");
    const refusal = await refuseWrongToken(c, access, { given, token: controlToken, error });
    if (refusal) return refusal;
    await next();
    return undefined;
  };
}

/** Refuses what a page of another site sends, and what does not name the page that sends it. */
export function guardOrigin({ allowedOrigins }: Access): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("Origin");
    const host = hostAndPort(c);
    if (origin === undefined) {
      return c.json({ error: "Cannot control runs: the request has no Origin header" }, 403);
    }
    const url = URL.parse(origin);
    const isWeb = url !== null && /^https?:$/.test(url.protocol);
    if (!isWeb || !(allowedOrigins.includes(url.origin) || isOriginOf(url, host))) {
      const error = `Cannot control runs from ${origin}: the request's Host is ${host}. Where a ` +
        `proxy is in front, add ${origin} to allowedOrigins (--origin on the command line)`;
      return c.json({ error }, 403);
    }
    await next();
    return undefined;
  };
}
