/**
 * Makes values of bytes; see `format.ts`.
 *
 * @module
 */
import { deserialize } from "node:v8";
import { PART_HEADER, START, Tag, UTF8 } from "./format.ts";

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * What `encode()` or `encodeMessages()` made bytes of.
 *
 * @throws {RangeError} If the bytes are others
 */
export function decode(bytes: Uint8Array): unknown {
  return new Decoder(bytes).read();
}

/** Reads one value. */
class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = START;
  readonly #keys: string[] = [];
  /** The part of the texts that is read, how far, and where the next one begins. */
  #part = "";
  #partAt = 0;
  #nextAt: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#nextAt = this.#view.getUint32(0);
  }

  read(): unknown {
    const tag = this.#bytes[this.#at++];
    switch (tag) {
      case Tag.null:
        return null;
      case Tag.undefined:
        return undefined;
      case Tag.false:
      case Tag.true:
        return tag === Tag.true;
      case Tag.integer: {
        const number = this.#readNumber();
        return number & 1 ? -(number >>> 1) - 1 : number >>> 1;
      }
      case Tag.double:
        this.#at += 8;
        return this.#view.getFloat64(this.#at - 8);
      case Tag.bigint:
        return BigInt(this.#readText());
      case Tag.text:
        return this.#readText();
      case Tag.bytes:
        return this.#readBytes().slice();
      case Tag.array: {
        const values: unknown[] = [];
        for (let count = this.#readNumber(); count > 0; count--) values.push(this.read());
        return values;
      }
      case Tag.object:
        return this.#readFields();
      case Tag.other:
        return deserialize(this.#readBytes());
      default:
        throw new RangeError(`Cannot read a message: the tag ${tag} is unknown`);
    }
  }

  #readFields(): object {
    const fields: Record<string, unknown> = {};
    for (let count = this.#readNumber(); count > 0; count--) {
      const number = this.#readNumber();
      if (number === this.#keys.length) this.#keys.push(this.#readText());
      const key = this.#keys[number]!;
      const value = this.read();
      if (key !== "__proto__") fields[key] = value;
      else {
        const field = { value, configurable: true, enumerable: true, writable: true };
        Object.defineProperty(fields, key, field);
      }
    }
    return fields;
  }

  #readBytes(): Uint8Array {
    const length = this.#readNumber();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #readText(): string {
    const length = this.#readNumber();
    if (length === 0) return "";
    if (this.#partAt === this.#part.length) this.#readPart();
    this.#partAt += length;
    return this.#part.substring(this.#partAt - length, this.#partAt);
  }

  #readPart(): void {
    const flag = this.#bytes[this.#nextAt];
    const length = this.#view.getUint32(this.#nextAt + 1);
    const start = this.#nextAt + PART_HEADER;
    this.#nextAt = start + length;
    this.#partAt = 0;
    if (flag === UTF8) {
      this.#part = textDecoder.decode(this.#bytes.subarray(start, this.#nextAt));
      return;
    }
    this.#part = "";
    for (let at = start; at < this.#nextAt; at += 2) {
      this.#part += String.fromCharCode(this.#view.getUint16(at));
    }
  }

  /** A whole number from 0 on, seven bits to a byte. */
  #readNumber(): number {
    let number = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      number |= (byte & 127) << shift;
      if (byte < 128) return number >>> 0;
    }
  }
}
