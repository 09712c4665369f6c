// Messages come out of a parcel as they went in.
import { isAscii } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contentsOf, packed, unpacked } from './parcel.ts';

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
