/**
 * Names and origins under which browsers reach the dashboard.
 *
 * @module
 */

/** What is known of them. */
export interface Names {
  /** Accepted `Host` values, without ports. */
  allowedHosts: readonly string[];
  /** Origins of proxies in front, such as `https://etl.example:8443`. */
  allowedOrigins: readonly string[];
}

/** Refuses what is not an origin; returns them as browsers write them. */
export function checkOrigins(origins: readonly string[]): string[] {
  return origins.map((text) => {
    const url = URL.parse(text);
    const isOrigin = url && /^https?:$/.test(url.protocol) && url.pathname === "/" &&
      `${url.search}${url.hash}${url.username}${url.password}` === "";
    if (isOrigin) return url.origin;
    throw new TypeError(
      `Cannot allow the origin ${JSON.stringify(text)}: it is not a scheme and a host. ` +
        `Pass it as https://etl.example or http://10.0.0.7:8080`,
    );
  });
}

/** Accepted names, without ports: those of the origins, too. */
export function hostsOf({ allowedHosts, allowedOrigins }: Names): Set<string> {
  const names = allowedOrigins.map((origin) => new URL(origin).hostname);
  return new Set([...allowedHosts, ...names].map((host) => host.toLowerCase()));
}

/**
 * Whether an origin is that of a host, where the default port of its scheme is equal to none. The scheme itself is
 * left out: a proxy may answer by https what is served by http here.
 */
export function isOriginOf(origin: URL, host: string): boolean {
  const port = origin.protocol === "https:" ? /:443$/ : /:80$/;
  return origin.host === host.replace(port, "");
}
