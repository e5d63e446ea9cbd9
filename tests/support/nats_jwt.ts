/**
 * A server of NATS whose users have files of credentials, as `nsc` makes them: an operator signs an account, which
 * signs its users.
 *
 * @module
 */
import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const base64 = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const encode = (value: unknown) => base64(new TextEncoder().encode(JSON.stringify(value)));

/** A token that states what a key may do. */
function sign(subject: KeyPair, issuer: KeyPair, nats: Record<string, unknown>): string {
  const claims = {
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: `${nats.type}`,
    nats: { ...nats, version: 2 },
  };
  const text = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
  return `${text}.${base64(issuer.sign(new TextEncoder().encode(text)))}`;
}

/** What is unlimited. */
const UNLIMITED = Object.fromEntries(
  ["subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage", "disk_storage"]
    .concat(["streams", "consumer"]).map((name) => [name, -1]),
);

/** A server with one account, and files of credentials of a user of it and of a stranger. */
export function credentials(): { configuration: string; user: string; stranger: string } {
  const operator = nkeys.createOperator();
  const [account, system, other] = Array.from({ length: 3 }, () => nkeys.createAccount());
  const signed = (account: KeyPair, limits: object = UNLIMITED) =>
    sign(account, operator, {
      type: "account",
      limits: { ...limits, wildcards: true },
      default_permissions: { pub: {}, sub: {} },
    });
  const file = (account: KeyPair) => {
    const user = nkeys.createUser();
    const token = sign(user, account, {
      type: "user",
      pub: {},
      sub: {},
      subs: -1,
      data: -1,
      payload: -1,
    });
    const seed = new TextDecoder().decode(user.getSeed());
    return `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  };
  const { mem_storage: _, disk_storage: __, ...withoutStreams } = UNLIMITED;
  return {
    configuration: `port: 4222
jetstream: { store_dir: "jetstream" }
operator: "${sign(operator, operator, { type: "operator" })}"
system_account: "${system!.getPublicKey()}"
resolver: MEMORY
resolver_preload: {
  ${account!.getPublicKey()}: "${signed(account!)}"
  ${system!.getPublicKey()}: "${signed(system!, withoutStreams)}"
}
`,
    user: file(account!),
    stranger: file(other!),
  };
}
