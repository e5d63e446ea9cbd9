/**
 * Several hosts on one machine: network namespaces on a bridge, whose lines can be cut and can lose packets. Where
 * they are not allowed, the hosts are processes on loopback, and a line notes it.
 *
 * @module
 */

/** Runs a command of the system. */
async function run(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(args[0]!, { args: args.slice(1) }).output();
  if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Some hosts, each with a line to this one. */
export class Hosts implements AsyncDisposable {
  /** The address of this host, as the others see it. */
  readonly address: string;
  /** Whether they are namespaces. */
  readonly areApart: boolean;
  readonly #bridge: string;
  readonly #names: string[];

  private constructor(bridge: string, net: string, names: string[], areApart: boolean) {
    this.#bridge = bridge;
    this.#names = names;
    this.areApart = areApart;
    this.address = areApart ? `${net}.1` : "127.0.0.1";
  }

  /** Makes hosts of these names, some letters each. */
  static async create(names: string[]): Promise<Hosts> {
    const id = Deno.pid % 100_000;
    const net = `10.${64 + id % 128}.${Math.floor(id / 128) % 256}`;
    const hosts = new Hosts(`pl${id}`, net, names, true);
    try {
      await run("ip", "link", "add", hosts.#bridge, "type", "bridge");
      await run("ip", "addr", "add", `${net}.1/24`, "dev", hosts.#bridge);
      await run("ip", "link", "set", hosts.#bridge, "up");
      for (const [n, name] of names.entries()) {
        const [host, line] = [hosts.#host(name), hosts.#line(name)];
        await run("ip", "netns", "add", host);
        await run("ip", "link", "add", line, "type", "veth", "peer", "eth0", "netns", host);
        await run("ip", "link", "set", line, "master", hosts.#bridge, "up");
        await run("ip", "-n", host, "addr", "add", `${net}.${n + 2}/24`, "dev", "eth0");
        await run("ip", "-n", host, "link", "set", "eth0", "up");
        await run("ip", "-n", host, "link", "set", "lo", "up");
      }
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      const why = (error as Error).message;
      console.log(
        `Hosts are processes on loopback, whose lines hold: no network namespaces (${why})`,
      );
      return new Hosts("", "", names, false);
    }
  }

  /** What starts a program on a host. */
  on(name: string): string[] {
    return this.areApart ? ["ip", "netns", "exec", this.#host(name)] : [];
  }

  /** Takes the line of a host away, or brings it back. */
  async setLine(name: string, state: "up" | "down"): Promise<void> {
    if (this.areApart) await run("ip", "link", "set", this.#line(name), state);
  }

  /** Lets a host lose a share of the packets that it receives; resolves with whether it does. */
  async lose(name: string, percent: number): Promise<boolean> {
    if (!this.areApart) return false;
    const nft = (...args: string[]) => run(...this.on(name), "nft", ...args);
    try {
      await nft("add table ip loss");
      await nft("add chain ip loss input { type filter hook input priority 0; }");
      await nft(`add rule ip loss input numgen random mod 100 < ${percent} drop`);
      return true;
    } catch (error) {
      console.log(`No packets are lost: ${(error as Error).message}`);
      return false;
    }
  }

  #host(name: string): string {
    return `${this.#bridge}-${name}`;
  }

  #line(name: string): string {
    return `${this.#bridge}${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.areApart) return;
    for (const name of this.#names) {
      await run("ip", "netns", "del", this.#host(name)).catch(() => {});
    }
    await run("ip", "link", "del", this.#bridge).catch(() => {});
  }
}
