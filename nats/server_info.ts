/**
 * What a server sends about itself before anything else. A client without a certificate that a server asks for learns
 * nothing from it but that the connection ends, so this is looked at first.
 *
 * @module
 */
import { settledWithin } from "../internal/delay.ts";

/** Milliseconds that a server may take to send it. */
const WAIT_MS = 2_000;

/** Whether a server asks its clients for a certificate; `false` where it sends nothing. */
export async function asksForCertificate(server: string): Promise<boolean> {
  const { hostname, port } = new URL(server.includes("://") ? server : `nats://${server}`);
  try {
    const address = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || 4222 };
    using connection = await Deno.connect(address);
    const bytes = new Uint8Array(4_096);
    let length = 0;
    await settledWithin(
      WAIT_MS,
      connection.read(bytes).then((read) => {
        length = read ?? 0;
      }),
    );
    return /"tls_verify": ?true/.test(new TextDecoder().decode(bytes.subarray(0, length)));
  } catch {
    // It cannot be reached, which the client reports better.
    return false;
  }
}
