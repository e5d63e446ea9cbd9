/**
 * Slows down guesses of tokens: after a wrong one, the next from the same address waits before it is looked
 * at, and too many at a time are not looked at. Sessions are unaffected.
 *
 * @module
 */
import { LRUCache } from "lru-cache";

/** Milliseconds before the guess after a wrong one: twice as many each time, at most {@linkcode MAX_DELAY_MS}. */
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;

/** Milliseconds of waiting guesses from one address, past which others are refused. */
const MAX_QUEUE_MS = 5_000;

/** Milliseconds after which wrong tokens are forgotten. */
const FORGET_MS = 60_000;

/** Addresses that are kept. */
const MAX_ADDRESSES = 10_000;

interface Guesses {
  /** Wrong ones, and those that wait. */
  guesses: number;
  /** When the last of those that wait is looked at. */
  until: number;
}

/** What is known of the addresses that sent wrong tokens. */
export class Brake {
  readonly #guesses = new LRUCache<string, Guesses>({
    max: MAX_ADDRESSES,
    ttl: FORGET_MS,
    // Otherwise a look starts a timer that outlives it.
    ttlResolution: 0,
  });

  /** Milliseconds that a guess must wait; `undefined` when too many do. */
  wait(address: string): number | undefined {
    const known = this.#guesses.get(networkOf(address));
    if (!known) return 0;
    const now = performance.now();
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (known.guesses - 1));
    const until = Math.max(now, known.until) + delay;
    if (until - now > MAX_QUEUE_MS) return;
    known.until = until;
    known.guesses++;
    return until - now;
  }

  /** A token was wrong. */
  failed(address: string): void {
    const network = networkOf(address);
    const known = this.#guesses.get(network) ?? { guesses: 1, until: 0 };
    this.#guesses.set(network, known);
  }

  /** A token was right. */
  passed(address: string): void {
    this.#guesses.delete(networkOf(address));
  }
}

/** An IPv4 address, or the 64 bits of an IPv6 address that one customer has. */
function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  return address.split(":").slice(0, 4).join(":");
}
