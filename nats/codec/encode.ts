/**
 * Makes bytes of values; see `format.ts`.
 *
 * @module
 */
import { serialize } from "node:v8";
import { PART_HEADER, START, Tag, UTF16, UTF8 } from "./format.ts";

/** Whole numbers below this are written as such. */
const MAX_INTEGER = 2 ** 30;

/** Bytes that a number takes at most, with a tag and the length of what follows. */
const ROOM = 16;

/** Characters after which a part of the texts ends: a text that is kept for long keeps its part in memory. */
const MAX_PART = 16_384;

/** Levels of a value at most; a deeper one may contain itself. */
const MAX_DEPTH = 100;

/** Bytes to begin with, and most of those that are kept for the next value. */
const BYTES = 64 * 1_024;
const MAX_KEPT = 1_024 * 1_024;

/** Is thrown where only `node:v8` can write a value. */
const NOT_PLAIN = Symbol();

const textEncoder = new TextEncoder();

/** Bytes that no encoder uses. */
let unused: DataView<ArrayBuffer> | undefined;

/**
 * The bytes of a value that may be anything which `structuredClone` copies.
 *
 * @throws {Error} If it holds a function, or something else that cannot be copied
 */
export function encode(value: unknown): Uint8Array {
  return encodeAs(value, false);
}

/** The bytes of messages of this package: no object in them is there twice. */
export function encodeMessages(messages: readonly unknown[]): Uint8Array {
  return encodeAs(messages, true);
}

function encodeAs(value: unknown, isTree: boolean): Uint8Array {
  try {
    return new Encoder(isTree).encode(value);
  } catch (thrown) {
    if (thrown !== NOT_PLAIN) throw thrown;
    return new Encoder(isTree).encode(value, true);
  }
}

/** Writes one value. */
class Encoder {
  readonly #isTree: boolean;
  /** The objects of a value that may be no tree. */
  #seen: Set<object> | undefined;
  #view = unused ?? new DataView(new ArrayBuffer(BYTES));
  #bytes = new Uint8Array(this.#view.buffer);
  #at = START;
  /** The numbers of the keys. */
  #keys: Map<string, number> | undefined;
  /** The texts of the part that is written, and their length. */
  #texts: string[] = [];
  #length = 0;
  /** The parts that are full. */
  #parts: string[] | undefined;

  constructor(isTree: boolean) {
    this.#isTree = isTree;
    unused = undefined;
  }

  encode(value: unknown, isOther = false): Uint8Array {
    if (isOther) this.#writeOther(value);
    else this.#write(value, 0);
    this.#view.setUint32(0, this.#at);
    for (const part of this.#parts ?? []) this.#writePart(part);
    if (this.#length > 0) this.#writePart(this.#texts.join(""));
    if (this.#bytes.byteLength <= MAX_KEPT) unused = this.#view;
    return this.#bytes.slice(0, this.#at);
  }

  #write(value: unknown, depth: number): void {
    this.#reserve(ROOM);
    switch (typeof value) {
      case "number":
        if (Number.isInteger(value) && Math.abs(value) < MAX_INTEGER && !Object.is(value, -0)) {
          this.#bytes[this.#at++] = Tag.integer;
          return this.#writeNumber(value < 0 ? -2 * value - 1 : 2 * value);
        }
        this.#bytes[this.#at++] = Tag.double;
        this.#view.setFloat64(this.#at, value);
        return void (this.#at += 8);
      case "string":
        this.#bytes[this.#at++] = Tag.text;
        return this.#writeText(value);
      case "boolean":
        return void (this.#bytes[this.#at++] = value ? Tag.true : Tag.false);
      case "undefined":
        return void (this.#bytes[this.#at++] = Tag.undefined);
      case "bigint":
        this.#bytes[this.#at++] = Tag.bigint;
        return this.#writeText(`${value}`);
      case "object":
        if (value !== null) return this.#writeObject(value, depth);
        return void (this.#bytes[this.#at++] = Tag.null);
      default:
        throw NOT_PLAIN;
    }
  }

  #writeObject(value: object, depth: number): void {
    if (depth > MAX_DEPTH) throw NOT_PLAIN;
    if (!this.#isTree) {
      this.#seen ??= new Set();
      if (this.#seen.has(value)) throw NOT_PLAIN;
      this.#seen.add(value);
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) return this.#writeArray(value as unknown[], depth);
    if (prototype === Object.prototype) return this.#writeFields(value, depth);
    if (prototype === Uint8Array.prototype) return this.#writeBytes(Tag.bytes, value as Uint8Array);
    if (!this.#isTree) throw NOT_PLAIN;
    this.#writeOther(value);
  }

  #writeArray(values: readonly unknown[], depth: number): void {
    // It may have holes, or fields beside its values.
    if (!this.#isTree && Object.keys(values).length !== values.length) throw NOT_PLAIN;
    this.#bytes[this.#at++] = Tag.array;
    this.#writeNumber(values.length);
    for (let i = 0; i < values.length; i++) this.#write(values[i], depth + 1);
  }

  #writeFields(value: object, depth: number): void {
    const keys = Object.keys(value);
    const numbers = this.#keys ??= new Map();
    this.#bytes[this.#at++] = Tag.object;
    this.#writeNumber(keys.length);
    for (const key of keys) {
      this.#reserve(ROOM);
      const number = numbers.get(key);
      this.#writeNumber(number ?? numbers.size);
      if (number === undefined) {
        numbers.set(key, numbers.size);
        this.#writeText(key);
      }
      this.#write((value as Record<string, unknown>)[key], depth + 1);
    }
  }

  #writeOther(value: unknown): void {
    this.#writeBytes(Tag.other, serialize(value));
  }

  #writeBytes(tag: number, bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength + ROOM);
    this.#bytes[this.#at++] = tag;
    this.#writeNumber(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #writeText(text: string): void {
    this.#writeNumber(text.length);
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length < MAX_PART) return;
    (this.#parts ??= []).push(this.#texts.join(""));
    this.#texts = [];
    this.#length = 0;
  }

  /** A whole number from 0 on, seven bits to a byte. */
  #writeNumber(number: number): void {
    while (number > 127) {
      this.#bytes[this.#at++] = number & 127 | 128;
      number >>>= 7;
    }
    this.#bytes[this.#at++] = number;
  }

  #writePart(part: string): void {
    this.#reserve(PART_HEADER + 3 * part.length);
    const start = this.#at + PART_HEADER;
    // Half of a pair has no form in UTF-8.
    const isWhole = part.isWellFormed();
    let length = 2 * part.length;
    if (isWhole) length = textEncoder.encodeInto(part, this.#bytes.subarray(start)).written;
    else {
      for (let i = 0; i < part.length; i++) {
        this.#view.setUint16(start + 2 * i, part.charCodeAt(i));
      }
    }
    this.#bytes[this.#at] = isWhole ? UTF8 : UTF16;
    this.#view.setUint32(this.#at + 1, length);
    this.#at = start + length;
  }

  /** Makes room for this many more bytes. */
  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
