// Messages come out of a parcel as they went in.
import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoredMessage } from '../../stored-commit.ts';
import type { Frame } from './frames.ts';
import { contentsOf, type Parcel, ParcelWriter, unpacked } from './parcel.ts';

const message = fc.record({
  position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  subject: fc.stringMatching(/^evt\.[a-z]{1,8}\.[a-z0-9_]{1,30}$/),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64, max: 127 })),
});

/** As it stands among what a server sends. */
function frameOf({ subject, bytes }: StoredMessage): Frame {
  const buffer = Buffer.concat([Buffer.from(`MSG ${subject} 1 ${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
  const contentFrom = buffer.length - bytes.length - 2;
  const subjectTo = 4 + subject.length;
  return {
    buffer,
    sid: 1,
    subjectFrom: 4,
    subjectTo,
    replyFrom: 0,
    replyTo: 0,
    headersFrom: contentFrom,
    contentFrom,
    contentTo: contentFrom + bytes.length,
  };
}

function parcelsOf(messages: readonly StoredMessage[]): Parcel[] {
  const writer = new ParcelWriter();
  const full = messages.map((one) => writer.put(one.position, frameOf(one)));
  return [...full, writer.close()].filter((parcel) => parcel !== null);
}

function messages(count: number, size: number): StoredMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    position: index + 1,
    subject: 'evt.job.one',
    bytes: new Uint8Array(size).fill(index % 100),
  }));
}

const plain = (all: readonly StoredMessage[]) =>
  all.map(({ position, subject, bytes }) => ({ position, subject, bytes: Uint8Array.from(bytes) }));

/** Comparing megabytes one by one takes seconds. */
const hashed = (all: readonly StoredMessage[]) =>
  all.map(({ position, subject, bytes }) => [position, subject, createHash('sha256').update(bytes).digest('hex')]);

it('gives back what was put in, through a thread and without copies', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (sent) => {
      const [parcel] = parcelsOf(sent);
      if (parcel === undefined) throw new Error('there is none');
      const got = unpacked(structuredClone(parcel, { transfer: contentsOf(parcel) }));
      expect(plain(got)).toEqual(sent);
      for (const { bytes, text } of got)
        expect(text ?? Buffer.from(bytes).toString()).toBe(Buffer.from(bytes).toString());
      expect(got.every(({ text }) => text !== undefined)).toBe(sent.every(({ bytes }) => isAscii(bytes)));
      expect(parcel.bytes.byteLength).toBe(0);
    }),
  );
});

it.each([
  ['1,024 messages', messages(2_500, 1), [1_024, 1_024, 452]],
  ['a MiB', messages(10, 400_000), [2, 2, 2, 2, 2]],
  [
    'a message that is larger than that',
    [...messages(1, 10), ...messages(2, 3_000_000), ...messages(2, 10)],
    [1, 1, 1, 2],
  ],
  ['nothing', [], []],
])('makes parcels of %s', (_what, sent, counts) => {
  const parcels = parcelsOf(sent);
  expect(parcels.map(({ count }) => count)).toEqual(counts);
  expect(hashed(parcels.flatMap(unpacked))).toEqual(hashed(sent));
});
