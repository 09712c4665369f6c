// How much a job has left, by what its attempts have told.
import type { AttemptResult, RankView } from '@baton/contracts';
import { expect, it } from 'vitest';
import type { JobDocument } from '../../projections/job-document.ts';
import { aResult } from '../../testing/usage-events.ts';
import { leavingsOf } from './leavings.ts';

const result = (more: Partial<AttemptResult> = {}) => aResult({ endedAt: 2, ...more });
const wrote = (sizeBytes: number, metricsBytes: number) =>
  result({ output: { stdout: { digest: 'a'.repeat(64), sizeBytes }, stderr: null }, metricsBytes });
const rank = (number: number, own: AttemptResult | null) => ({ rank: number, result: own }) as RankView;
const bytesOf = (...attempts: readonly object[]) => leavingsOf({ attempts } as unknown as JobDocument, undefined).bytes;

it('is that of all its attempts; what nobody told counts as nothing', () => {
  expect(bytesOf({ result: wrote(5, 70) }, { result: wrote(2, 1) }, { result: null })).toEqual({
    output: 7,
    metrics: 71,
  });
  expect(bytesOf({ result: result() })).toEqual({ output: 0, metrics: 0 });
});

it('counts each node of an attempt on several once: its result repeats that of rank 0', () => {
  const first = wrote(5, 70);
  const gang = { result: first, ranks: [rank(0, first), rank(1, wrote(3, 20)), rank(2, null)] };
  expect(bytesOf(gang)).toEqual({ output: 8, metrics: 90 });
});
