/**
 * Who may look: a bearer token, or the session that a browser gets for it.
 *
 * The token comes as `Authorization: Bearer`, is compared in constant time, is never part of a URL that reaches a
 * server, and never logged. `POST api/session` answers it with a cookie, whose value is random and worth nothing
 * after the server ends. Cookies do not distinguish ports, and any server on the host receives them: so the
 * cookie's name is this dashboard's own, and of several cookies of the name any may be the right one. It has no
 * `Path`, so that browsers keep it to the folder that they know, whatever prefix a proxy takes away.
 *
 * @module
 */
import { delay } from "../../../internal/delay.ts";
import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { setCookie } from "hono/cookie";
import { LRUCache } from "lru-cache";
import type { RequestInfo } from "../http_server.ts";
import { Brake } from "./brake.ts";
import type { Names } from "./origins.ts";
import { newToken } from "./token.ts";

/** Milliseconds for which a session is good. */
const SESSION_MS = 7 * 24 * 3_600_000;

/** Sessions that are kept; the one that was not used for the longest time makes room. */
const MAX_SESSIONS = 1_000;

/** Who may look, and how. */
export interface Access extends Names {
  /** The viewer access token, if one is needed. */
  token?: string | undefined;
  /** Slows down guesses. */
  brake: Brake;
  /** The name of the cookie. */
  cookie: string;
  /** Sessions by their value. */
  sessions: LRUCache<string, true>;
}

/** Makes the access of one dashboard. */
export function newAccess(names: Names & { token?: string | undefined }): Access {
  return {
    ...names,
    brake: new Brake(),
    cookie: `pipeloom_${newToken().slice(0, 10)}`,
    sessions: new LRUCache({
      max: MAX_SESSIONS,
      ttl: SESSION_MS,
      // Otherwise a look starts a timer that outlives it.
      ttlResolution: 0,
      updateAgeOnGet: true,
    }),
  };
}

/** Refuses a request without the token or a session. */
export function guardToken(access: Access): MiddlewareHandler {
  const { token } = access;
  return async (c, next) => {
    if (token !== undefined && !hasSession(c, access)) {
      const refusal = await refuseWrongToken(c, access, {
        given: bearer(c),
        token,
        error: "Cannot answer without the token. Sign in, or send Authorization: Bearer",
      });
      if (refusal) return refusal;
    }
    await next();
    return undefined;
  };
}

/** Answers `POST api/session`: the token gets a session, as a cookie that no script can read. */
export function signIn(access: Access): (c: Context) => Promise<Response> {
  const { token, cookie, sessions } = access;
  return async (c) => {
    if (token === undefined) return c.body(null, 204);
    const error = "Cannot sign in: the token is wrong";
    const refusal = await refuseWrongToken(c, access, { given: bearer(c) ?? "", token, error });
    if (refusal) return refusal;
    const value = newToken();
    sessions.set(value, true);
    setCookie(c, cookie, value, {
      // None: the folder of this address, as the browser knows it. Left out it would be "/".
      ...({ path: undefined } as object),
      httpOnly: true,
      sameSite: "Strict",
      secure: isSecure(c),
      maxAge: SESSION_MS / 1_000,
    });
    return c.body(null, 204);
  };
}

/**
 * The refusal of a request that does not bring a token; `undefined` when it does. A guess waits for its turn where
 * others from the same address were wrong.
 */
export async function refuseWrongToken(
  c: Context,
  { brake }: Pick<Access, "brake">,
  { given, token, error }: { given: string | undefined; token: string; error: string },
): Promise<Response | undefined> {
  if (given === undefined) return c.json({ error }, 401);
  const address = addressOf(c);
  const wait = brake.wait(address);
  if (wait === undefined) {
    c.header("Retry-After", "5");
    return c.json({ error: "Cannot check the token: too many wrong ones came before it" }, 429);
  }
  if (wait > 0) await delay(wait);
  if (isEqual(given, token)) return void brake.passed(address);
  brake.failed(address);
  return c.json({ error }, 401);
}

/** Refuses a request under an unknown name, unless it brings the token: a probe asks by an address. */
export function guardProbe(access: Access, guardHost: MiddlewareHandler): MiddlewareHandler {
  const { token } = access;
  return async (c, next) => {
    const given = bearer(c);
    if (token === undefined || given === undefined) return await guardHost(c, next);
    const error = "Cannot answer: the token is wrong";
    const refusal = await refuseWrongToken(c, access, { given, token, error });
    if (refusal) return refusal;
    await next();
  };
}

function hasSession(c: Context, { cookie, sessions }: Access): boolean {
  return (c.req.header("Cookie") ?? "").split(";").some((pair) => {
    const [name, value = ""] = pair.trim().split("=");
    return name === cookie && sessions.get(value) === true;
  });
}

/** Whether the browser reached the dashboard by https: a proxy in front answers by http here. */
function isSecure(c: Context): boolean {
  return new URL(c.req.url).protocol === "https:" ||
    /^https:/i.test(c.req.header("Origin") ?? "") ||
    /^https\b/i.test(c.req.header("X-Forwarded-Proto") ?? "");
}

function addressOf(c: Context): string {
  return (c.env as Partial<RequestInfo> | undefined)?.remoteAddr?.hostname ?? "";
}

function bearer(c: Context): string | undefined {
  return c.req.header("Authorization")?.match(/^Bearer (.+)$/i)?.[1];
}

/** Compares in a time that does not reveal where two texts differ. */
function isEqual(given: string, token: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(given), encoder.encode(token)];
  // Compared with itself when the lengths differ: only the length shows.
  return timingSafeEqual(a.length === b.length ? a : b, b) && a.length === b.length;
}
