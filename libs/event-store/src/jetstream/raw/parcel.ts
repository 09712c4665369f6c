// Messages of the log as one thread hands them to another: many at once, and without copying.
import { isAscii } from 'node:buffer';
import type { Position } from '../../port.ts';
import type { StoredMessage } from '../../stored-commit.ts';
import type { Frame } from './frames.ts';

export interface Parcel {
  readonly count: number;
  readonly positions: Float64Array<ArrayBuffer>;
  /** Where in `bytes` each subject ends, and each content behind it; the next subject begins there. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A few at a time, and each hand-over costs more than what it holds; too many, and one thread waits for the other. */
const PARCEL_MESSAGES = 1_024;
/** A message that is larger has a parcel of its own. */
const PARCEL_BYTES = 2 ** 20;

export class ParcelWriter {
  #count = 0;
  #end = 0;
  #positions = new Float64Array(PARCEL_MESSAGES);
  #ends = new Uint32Array(2 * PARCEL_MESSAGES);
  #bytes = Buffer.from(new ArrayBuffer(PARCEL_BYTES));

  /** The parcel that there was no room in, if this one has begun another. */
  put(position: Position, { buffer, subjectFrom, subjectTo, contentFrom, contentTo }: Frame): Parcel | null {
    const size = subjectTo - subjectFrom + contentTo - contentFrom;
    const isFull = this.#count === PARCEL_MESSAGES || this.#end + size > this.#bytes.length;
    const full = isFull ? this.close(size) : null;
    this.#positions[this.#count] = position;
    this.#end += buffer.copy(this.#bytes, this.#end, subjectFrom, subjectTo);
    this.#ends[2 * this.#count] = this.#end;
    this.#end += buffer.copy(this.#bytes, this.#end, contentFrom, contentTo);
    this.#ends[2 * this.#count + 1] = this.#end;
    this.#count += 1;
    return full;
  }

  /** What there is; null if that is nothing. The next one takes at least so many bytes. */
  close(room = 0): Parcel | null {
    const parcel = { count: this.#count, positions: this.#positions, ends: this.#ends, bytes: this.#bytes };
    this.#positions = new Float64Array(PARCEL_MESSAGES);
    this.#ends = new Uint32Array(2 * PARCEL_MESSAGES);
    this.#bytes = Buffer.from(new ArrayBuffer(Math.max(PARCEL_BYTES, room)));
    this.#count = 0;
    this.#end = 0;
    return parcel.count === 0 ? null : parcel;
  }
}

/** What goes over to the other thread, and is of no use here any more. */
export function contentsOf({ positions, ends, bytes }: Parcel): ArrayBuffer[] {
  return [positions.buffer, ends.buffer, bytes.buffer];
}

export function unpacked({ count, positions, ends, bytes }: Parcel): StoredMessage[] {
  const all = Buffer.from(bytes.buffer, 0, ends[2 * count - 1]);
  // Where a character is a byte, one text is cut where the bytes are: making many takes as long as parsing a part of each.
  const text = isAscii(all) ? all.toString('latin1') : null;
  return Array.from({ length: count }, (_, index) => {
    const position = positions[index] ?? 0;
    const begin = ends[2 * index] ?? 0;
    const end = ends[2 * index + 1] ?? 0;
    // A text of its own: what is kept of it is not to keep the whole parcel.
    const subject = all.toString('latin1', ends[2 * index - 1] ?? 0, begin);
    if (text === null) return { position, subject, bytes: all.subarray(begin, end) };
    return new TextMessage({ position, subject, text: text.slice(begin, end) }, all, begin);
  });
}

/** Its bytes are cut out when somebody asks for them: who has the text rarely does. */
class TextMessage implements StoredMessage {
  readonly position: number;
  readonly subject: string;
  readonly text: string;
  readonly #all: Buffer;
  readonly #begin: number;

  constructor({ position, subject, text }: Omit<TextMessage, 'bytes'>, all: Buffer, begin: number) {
    this.position = position;
    this.subject = subject;
    this.text = text;
    this.#all = all;
    this.#begin = begin;
  }

  get bytes(): Uint8Array {
    return this.#all.subarray(this.#begin, this.#begin + this.text.length);
  }
}
