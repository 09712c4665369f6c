// Canonical JSON: one text for one value.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it('gives the same text whatever the order of members', () => {
  expect(canonicalJson({ b: 1, a: [{ d: null, c: 'é' }] })).toBe('{"a":[{"c":"é","d":null}],"b":1}');
  expect(canonicalJson({ a: [{ c: 'é', d: null }], b: 1 })).toBe(canonicalJson({ b: 1, a: [{ d: null, c: 'é' }] }));
});

it('leaves out members that are undefined', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

it('refuses what JSON can not hold exactly', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, [undefined], 1n, new Date(), () => 1, new Map()]) {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  }
});

it('means the same as the value, and is stable', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});
