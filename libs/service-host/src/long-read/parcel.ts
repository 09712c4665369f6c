// Messages of the log as one thread hands them to another: without copying, and all of a batch at once.
import { isAscii } from 'node:buffer';
import type { StoredMessage } from '@baton/event-store';

export interface Parcel {
  readonly positions: Float64Array<ArrayBuffer>;
  /** Where in `bytes` each subject ends, and each content behind it; the next subject begins there. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A few at a time, and each hand-over costs more than what it holds; too many, and one thread waits for the other. */
const PARCEL_MESSAGES = 1_024;
/** Where commits are large. */
const PARCEL_BYTES = 2 ** 20;

/** The same messages, of each parcel as many: what comes off the wire in one go is now a few and now thousands. */
export async function* parcelled(
  batches: AsyncIterable<readonly StoredMessage[]>,
): AsyncGenerator<readonly StoredMessage[]> {
  let held: StoredMessage[] = [];
  let size = 0;
  for await (const batch of batches) {
    for (const message of batch) {
      held.push(message);
      size += message.bytes.length;
      if (held.length < PARCEL_MESSAGES && size < PARCEL_BYTES) continue;
      yield held;
      held = [];
      size = 0;
    }
  }
  if (held.length > 0) yield held;
}

export function packed(messages: readonly StoredMessage[]): Parcel {
  const positions = new Float64Array(messages.length);
  const ends = new Uint32Array(2 * messages.length);
  const bytes = new Uint8Array(
    messages.reduce((size, { subject, bytes: { length } }) => size + subject.length + length, 0),
  );
  const all = Buffer.from(bytes.buffer);
  let end = 0;
  for (const [index, message] of messages.entries()) {
    positions[index] = message.position;
    // Subjects are made of ids and words: each character is a byte.
    end += all.write(message.subject, end, 'latin1');
    ends[2 * index] = end;
    all.set(message.bytes, end);
    end += message.bytes.length;
    ends[2 * index + 1] = end;
  }
  return { positions, ends, bytes };
}

/** What goes over to the other thread, and is of no use here any more. */
export function contentsOf({ positions, ends, bytes }: Parcel): ArrayBuffer[] {
  return [positions.buffer, ends.buffer, bytes.buffer];
}

export function unpacked({ positions, ends, bytes }: Parcel): StoredMessage[] {
  const all = Buffer.from(bytes.buffer);
  // Where a character is a byte, one text is cut where the bytes are: making many takes as long as parsing a part of each.
  const text = isAscii(all) ? all.toString('latin1') : null;
  return Array.from(positions, (position, index) => {
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
