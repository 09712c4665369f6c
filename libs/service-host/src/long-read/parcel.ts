// Messages of the log as one thread hands them to another: without copying, and all of a batch at once.
import { isAscii } from 'node:buffer';
import type { StoredMessage } from '@baton/event-store';

export interface Parcel {
  readonly positions: Float64Array<ArrayBuffer>;
  /** One a line: a subject holds no white space. */
  readonly subjects: string;
  /** Where each message ends in `bytes`; the next one begins there. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function packed(messages: readonly StoredMessage[]): Parcel {
  const positions = new Float64Array(messages.length);
  const ends = new Uint32Array(messages.length);
  const bytes = new Uint8Array(messages.reduce((size, message) => size + message.bytes.length, 0));
  let end = 0;
  for (const [index, message] of messages.entries()) {
    positions[index] = message.position;
    bytes.set(message.bytes, end);
    end += message.bytes.length;
    ends[index] = end;
  }
  return { positions, subjects: messages.map(({ subject }) => subject).join('\n'), ends, bytes };
}

/** What goes over to the other thread, and is of no use here any more. */
export function contentsOf({ positions, ends, bytes }: Parcel): ArrayBuffer[] {
  return [positions.buffer, ends.buffer, bytes.buffer];
}

export function unpacked({ positions, subjects, ends, bytes }: Parcel): StoredMessage[] {
  const all = Buffer.from(bytes.buffer);
  // Where a character is a byte, one text is cut where the bytes are: making many takes as long as parsing a part of each.
  const text = isAscii(all) ? all.toString('latin1') : null;
  let end = 0;
  return subjects.split('\n').map((subject, index) => {
    const begin = end;
    end = ends[index] ?? begin;
    const message = { position: positions[index] ?? 0, subject, bytes: all.subarray(begin, end) };
    return text === null ? message : { ...message, text: text.slice(begin, end) };
  });
}
