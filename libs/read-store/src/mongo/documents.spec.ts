// Documents survive the way into MongoDB and back.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDocument, encodeDocument } from './documents.ts';

it('gives back any JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(decodeDocument(encodeDocument(plain))).toEqual(plain);
    }),
  );
});

it('stores no key with a dot or a dollar sign, and no list in a list', () => {
  expect(encodeDocument({ 'a.b': { $c: 1 }, '%list': [[1], [[2]]] })).toEqual({
    'a%2Eb': { '%24c': 1 },
    '%25list': [{ '%list': [1] }, { '%list': [{ '%list': [2] }] }],
  });
});
