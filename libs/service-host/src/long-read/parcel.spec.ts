// Messages come out of a parcel as they went in.
import { isAscii } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoredMessage } from '@baton/event-store';
import { contentsOf, packed, parcelled, unpacked } from './parcel.ts';

const message = fc.record({
  position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  subject: fc.stringMatching(/^evt\.[a-z]{1,8}\.[a-z0-9_]{1,30}$/),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64, max: 127 })),
});

it('gives back what was put in, through a thread and without copies', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
      const parcel = packed(messages);
      const arrived = structuredClone(parcel, { transfer: contentsOf(parcel) });
      const got = unpacked(arrived);
      expect(got.map(({ position, subject, bytes }) => ({ position, subject, bytes: Uint8Array.from(bytes) }))).toEqual(
        messages,
      );
      for (const { bytes, text } of got)
        expect(text ?? Buffer.from(bytes).toString()).toBe(Buffer.from(bytes).toString());
      expect(got.every(({ text }) => text !== undefined)).toBe(messages.every(({ bytes }) => isAscii(bytes)));
      expect(parcel.bytes.byteLength).toBe(0);
    }),
  );
});

async function parcelsOf(...batches: readonly (readonly StoredMessage[])[]): Promise<(readonly StoredMessage[])[]> {
  async function* arriving() {
    yield* batches;
  }
  const parcels: (readonly StoredMessage[])[] = [];
  for await (const parcel of parcelled(arriving())) parcels.push(parcel);
  return parcels;
}

function messages(count: number, size: number): StoredMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    position: index + 1,
    subject: 'evt.job.one',
    bytes: new Uint8Array(size),
  }));
}

it('makes parcels of one size of what comes by a few and by thousands, and loses none at the end', async () => {
  const all = messages(5_000, 1);
  const parcels = await parcelsOf(all.slice(0, 3), all.slice(3, 4_000), all.slice(4_000, 4_001), all.slice(4_001));
  expect(parcels.flat()).toEqual(all);
  expect(parcels.map(({ length }) => length)).toEqual([1_024, 1_024, 1_024, 1_024, 904]);
});

it('closes a parcel that has a MiB', async () => {
  const parcels = await parcelsOf(messages(10, 400_000));
  expect(parcels.map(({ length }) => length)).toEqual([3, 3, 3, 1]);
});

it('makes no parcel of nothing', async () => {
  expect(await parcelsOf()).toEqual([]);
});
