// The quick look at a commit never says more than its schema, and knows every commit that the platform writes.
import { Commit, fits } from '@baton/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPlainCommit } from './envelope.ts';
import { commit } from './testing/commits.ts';

const whole = { ...commit(), term: 3 };
const events = fc.array(
  fc.record(
    { type: fc.string(), v: fc.integer({ min: 1 }), data: fc.jsonValue() },
    { requiredKeys: ['type', 'v', 'data'] },
  ),
  { minLength: 1 },
);
const written = fc
  .tuple(events, fc.nat(), fc.option(fc.integer({ min: 1 }), { nil: undefined }))
  .map(([list, at, term]) => ({
    ...commit({ events: list, at }),
    ...(term === undefined ? {} : { term }),
  }));

it('knows each commit that fits the schema as JSON gives it', () => {
  fc.assert(
    fc.property(written, (value) => {
      const read: unknown = JSON.parse(JSON.stringify(value));
      expect([isPlainCommit(read), fits(Commit, read)]).toEqual([true, true]);
    }),
  );
});

it('takes nothing for a commit that the schema refuses', () => {
  const names = [...Object.keys(whole), 'more'];
  const wrong = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(0, -1, 1.5, 2 ** 60, '', [], [{}], null));
  const change = fc.tuple(fc.constantFrom(...names), fc.option(wrong, { nil: undefined }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const changed: unknown = JSON.parse(JSON.stringify({ ...whole, ...Object.fromEntries(changes) }));
      expect(!isPlainCommit(changed) || fits(Commit, changed)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

it('takes no event for one that has a member too many, none, or another version than a whole number', () => {
  const event = { type: 'NameReleased', v: 1, data: {} };
  for (const bad of [
    { ...event, more: 1 },
    { type: 'NameReleased', v: 1 },
    { ...event, v: 0 },
    { ...event, v: 1.5 },
    [],
    null,
  ])
    expect(isPlainCommit({ ...whole, events: [event, bad] })).toBe(false);
});
