/**
 * The options by which a command reaches NATS, and what becomes of them. NATS itself is loaded by the command.
 *
 * Secrets are files: what stands on a command line is seen by every user of the machine.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { NatsOptions } from "../nats/settings.ts";
import { CommandError } from "./terminal/failure.ts";

/** How NATS is reached, as the command line has it. */
export interface NatsCliOptions {
  /** The servers, with commas between them. */
  nats: string;
  /** A file of credentials. */
  creds?: string;
  /** A file with the seed of an NKey. */
  nkey?: string;
  /** A file with a token. */
  tokenFile?: string;
  /** The name of a user. */
  user?: string;
  /** A file with the user's password. */
  passwordFile?: string;
  /** The file of the authority that signed the server's certificate. */
  tlsCa?: string;
  /** The file of our own certificate. */
  tlsCert?: string;
  /** The file of its key. */
  tlsKey?: string;
  /** What the subjects begin with. */
  natsPrefix?: string;
}

/** Options that need servers. */
const OTHERS = [
  "creds",
  "nkey",
  "tokenFile",
  "user",
  "passwordFile",
  "tlsCa",
  "tlsCert",
  "tlsKey",
  "natsPrefix",
] as const satisfies readonly (keyof NatsCliOptions)[];

/** What `--nats` is for commands that run a pipeline. */
export const RUN_OVER_NATS =
  "run the tasks on workers that are connected to these servers, such as tls://broker:4222, with commas between them";

/** Adds the options to a command. */
export function addNatsOptions(command: Command, what: string): Command {
  return command
    .addOption(new Option("--nats <servers>", what))
    .option("--creds <file>", "file with NATS credentials")
    .option("--nkey <file>", "file with the seed of an NKey")
    .option("--token-file <file>", "file with a NATS token")
    .option("--user <name>", "NATS user")
    .option("--password-file <file>", "file with the password of that user")
    .option("--tls-ca <file>", "file of the authority that signed the server's certificate")
    .option("--tls-cert <file>", "file of the client's certificate")
    .option("--tls-key <file>", "file of the key of that certificate")
    .option("--nats-prefix <prefix>", "prefix of the subjects (default: pipeloom)");
}

/**
 * The executor that `--nats` asks for; none without it.
 *
 * @throws {CommandError} If an option of NATS is given without its servers
 */
export async function toExecutor(options: Partial<NatsCliOptions>) {
  const { nats } = options;
  if (nats === undefined) {
    const other = OTHERS.find((name) => options[name] !== undefined);
    if (other === undefined) return undefined;
    const flag = other.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CommandError(
      `Cannot use --${flag} alone: name the servers: --nats tls://broker:4222`,
    );
  }
  const { natsExecutor } = await import("../nats/nats_executor.ts");
  return natsExecutor(await toNatsOptions({ ...options, nats }));
}

/** What the options come to. */
export async function toNatsOptions(options: NatsCliOptions): Promise<NatsOptions> {
  const { nats, creds, nkey, tokenFile, user, passwordFile, tlsCa, tlsCert, tlsKey } = options;
  const hasTls = tlsCa !== undefined || tlsCert !== undefined || tlsKey !== undefined;
  return {
    servers: nats.split(",").map((server) => server.trim()),
    credentials: creds,
    nkey,
    token: tokenFile === undefined ? undefined : await readSecret(tokenFile),
    user,
    password: passwordFile === undefined ? undefined : await readSecret(passwordFile),
    tls: hasTls ? { ca: tlsCa, cert: tlsCert, key: tlsKey } : undefined,
    prefix: options.natsPrefix,
  };
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await Deno.readTextFile(file)).trim();
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}
