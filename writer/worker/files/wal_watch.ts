/**
 * Whether the WAL that a writer has open still holds what was written into it.
 *
 * SQLite checks the sums of a WAL only when it opens one after a crash. A WAL that another program cuts off or writes
 * over while it is in use, it copies into the database as it then is, and the file ends up damaged without a word. So
 * now and then a page is looked for that was seen before: the salts in the header of each page are those of the WAL's
 * own header, until the WAL restarts with others. What has become a hole, or something else, has not.
 *
 * This detects most such accidents, not all: the bytes of the pages are not compared, and nothing is known of a
 * WAL that restarted since the last look.
 *
 * @module
 * @see https://www.sqlite.org/fileformat2.html#walformat
 */

const HEADER_BYTES = 32;
const PAGE_HEADER_BYTES = 24;

/** What a WAL begins with; the last bit is the byte order of its checksums. */
const MAGIC = 0x377f0682;

/** A page that was there. */
interface Seen {
  /** The salts of the WAL at that time. */
  salts: bigint;
  /** Where the header of the page is. */
  at: number;
}

/** The WAL of one database, read through a file of its own. */
export class WalWatch implements Disposable {
  readonly #file: Deno.FsFile;
  #seen: Seen | undefined;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Opens the WAL; `undefined` where there is none, or it may not be read. */
  static open(path: string): WalWatch | undefined {
    try {
      return new WalWatch(Deno.openSync(path));
    } catch {
      return undefined;
    }
  }

  /** Whether the former content is still there. */
  isSound(): boolean {
    const header = this.#read(0, HEADER_BYTES);
    // A checkpoint has emptied it.
    if (!header) return true;
    if ((header.getUint32(0) & ~1) !== MAGIC) return false;
    const salts = header.getBigUint64(16);
    const frame = PAGE_HEADER_BYTES + header.getUint32(8);
    const isThere = (at: number) => this.#read(at, PAGE_HEADER_BYTES)?.getBigUint64(8) === salts;
    const seen = this.#seen;
    // Another process may have restarted it in this very moment.
    if (seen?.salts === salts && !isThere(seen.at)) return this.#salts() !== salts;
    this.#seen = lastFrame(frame, this.#file.statSync().size, isThere, salts);
    return true;
  }

  #salts(): bigint | undefined {
    return this.#read(0, HEADER_BYTES)?.getBigUint64(16);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #read(at: number, bytes: number): DataView | undefined {
    const buffer = new Uint8Array(bytes);
    this.#file.seekSync(at, Deno.SeekMode.Start);
    return this.#file.readSync(buffer) === bytes ? new DataView(buffer.buffer) : undefined;
  }
}

/** Finds the last page of those that the WAL has now: behind them are older ones, or nothing. */
function lastFrame(
  frame: number,
  size: number,
  isThere: (at: number) => boolean,
  salts: bigint,
): Seen | undefined {
  let [low, high] = [0, Math.floor((size - HEADER_BYTES) / frame)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isThere(HEADER_BYTES + (middle - 1) * frame)) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? undefined : { salts, at: HEADER_BYTES + (low - 1) * frame };
}
