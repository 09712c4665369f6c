// A forecast in a column is short, and as exact as a forecast is.
import type { ExpectedTimes } from '@baton/contracts';
import { expect, it } from 'vitest';
import { expectedText } from './expected.ts';

const MINUTE = 60_000;
const at = (minutes: number) => 1_000_000 + minutes * MINUTE;
const times: ExpectedTimes = {
  at: at(0),
  start: { low: at(-0.01), median: at(12.4), high: at(100) },
  end: null,
  confidence: 0.8,
  runTime: null,
  code: null,
  message: '',
};

it('says in how long, and between what', () => {
  expect(expectedText(times, at(0))).toBe('in 12 min (0 s to 1 h 40 min)');
});

it('says nothing where there is nothing to say', () => {
  expect(expectedText(undefined, at(0))).toBe('');
  expect(expectedText({ ...times, start: null, code: 'held' }, at(0))).toBe('');
  expect(expectedText({ ...times, start: null, code: 'being-reckoned' }, at(0))).toBe('...');
});
