// Ids: the shape that contracts ask for, and derivation.
import { type AggregateName, fits, Id, ID_PREFIX } from '@baton/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deriveId, newId } from './ids.ts';

const kinds = Object.keys(ID_PREFIX) as AggregateName[];

it('makes ids that the contracts accept', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.string(), fc.array(fc.string()), (kind, secret, parts) => {
      expect(fits(Id, newId(kind))).toBe(true);
      expect(fits(Id, deriveId(kind, secret, ...parts))).toBe(true);
    }),
  );
});

it('derives the same id from the same secret, kind and parts, and another one from anything else', () => {
  const id = deriveId('job', 'secret', 'a', 'b');
  expect(deriveId('job', 'secret', 'a', 'b')).toBe(id);
  const others = [
    deriveId('job', 'other', 'a', 'b'),
    deriveId('job', 'secret', 'ab'),
    deriveId('job', 'secret', 'a', 'c'),
    deriveId('job', 'secret', 'a', '', 'b'),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
  expect(deriveId('node', 'secret', 'a', 'b').slice(4)).not.toBe(id.slice(4));
});

it('never makes the same random id twice', () => {
  expect(new Set(Array.from({ length: 1_000 }, () => newId('job'))).size).toBe(1_000);
});
