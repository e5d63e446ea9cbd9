/**
 * Exits with 0 while the dashboard can read its database, for a health check.
 *
 * @module
 */
const response = await fetch("http://127.0.0.1:8787/healthz");
Deno.exit(response.ok ? 0 : 1);
