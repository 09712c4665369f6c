// Ids are what their pattern says they are.
import { ID_PATTERN } from '@baton/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isId } from './is-id.ts';

const PATTERN = new RegExp(ID_PATTERN);
const id = fc.stringMatching(PATTERN);
/** Ids, and what differs from one in a character or in its length. */
const nearly = fc
  .record({
    id,
    at: fc.nat(30),
    put: fc.constantFrom('', 'A', '_', '0', 'z', '{', '`', '/', ':', '-', 'é', '\n', 'aa'),
  })
  .map(({ id: text, at, put }) => text.slice(0, at) + put + text.slice(at + 1));

it('says of any text what the pattern says', () => {
  const property = fc.property(fc.oneof(id, nearly, fc.string()), (text) => {
    expect(isId(text)).toBe(PATTERN.test(text));
  });
  fc.assert(property, { numRuns: 1_000 });
});
