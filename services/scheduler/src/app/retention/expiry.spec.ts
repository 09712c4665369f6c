// Which leavings go: by age, by size, by group.
import type { Policy } from '@baton/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Expiry, type Leavings } from './expiry.ts';

const NOW = 1_000_000;
const leavings = (more: Partial<Leavings> = {}): Leavings => ({
  jobId: 'job_a',
  jobName: 'train',
  ownerId: 'usr_a',
  groupId: null,
  endedAt: NOW,
  bytes: { output: 100, metrics: 10 },
  kept: ['output', 'metrics'],
  ...more,
});
const gone = (rules: NonNullable<Policy['retention']>, ...jobs: Leavings[]) => {
  const expiry = new Expiry(rules, NOW);
  return jobs.flatMap((job) => expiry.next(job)).map(({ jobId, what, reason }) => `${jobId} ${what} ${reason}`);
};

it('keeps all without a rule', () => {
  expect(gone({}, leavings({ endedAt: 0 }))).toEqual([]);
});

it('goes by age, output and metrics each by its own, and what was removed before does not go again', () => {
  const old = leavings({ endedAt: NOW - 5_001 });
  expect(gone({ output: { keepForMs: 5_000 } }, old, leavings({ endedAt: NOW - 5_000 }))).toEqual(['job_a output age']);
  expect(gone({ metrics: { keepForMs: 5_000 } }, old)).toEqual(['job_a metrics age']);
  expect(gone({ output: { keepForMs: 5_000 } }, { ...old, kept: ['metrics'] })).toEqual([]);
});

it("a group's own rule takes the place of the default, which holds for all others and for jobs of no group", () => {
  const rules = { output: { keepForMs: 5_000 }, groups: { grp_a: { output: { keepForMs: 9_000 } } } };
  const old = { endedAt: NOW - 6_000 };
  expect(gone(rules, leavings({ ...old, groupId: 'grp_a' }))).toEqual([]);
  expect(gone(rules, leavings({ ...old, groupId: 'grp_b' }))).toEqual(['job_a output age']);
  expect(gone(rules, leavings(old))).toEqual(['job_a output age']);
});

it('counts output and metrics apart, and what was removed before no more', () => {
  const rules = { output: { keepBytes: 100 }, metrics: { keepBytes: 15 } };
  const [newer, older] = [leavings(), leavings({ jobId: 'job_b' })];
  expect(gone(rules, newer, older)).toEqual(['job_b output size', 'job_b metrics size']);
  expect(gone(rules, { ...newer, kept: ['output'] }, older)).toEqual(['job_b output size']);
});

it('keeps the newest of each group, and of each user without one, up to the size, output and metrics each by its own (property)', () => {
  const size = fc.integer({ min: 0, max: 50 });
  const job = fc.record({
    groupId: fc.constantFrom(null, 'grp_a', 'grp_b'),
    ownerId: fc.constantFrom('usr_a', 'usr_b'),
    bytes: fc.record({ output: size, metrics: size }),
  });
  const what = fc.constantFrom('output' as const, 'metrics' as const);
  const limit = fc.integer({ min: 0, max: 120 });
  fc.assert(
    fc.property(fc.array(job, { maxLength: 30 }), what, limit, (jobs, content, keepBytes) => {
      const expiry = new Expiry({ [content]: { keepBytes } }, NOW);
      const judged = jobs.map((each) => {
        const goes = expiry.next(leavings(each)).map((expired) => [expired.what, expired.sizeBytes]);
        expect([[], [[content, each.bytes[content]]]]).toContainEqual(goes);
        return { ...each, sizeBytes: each.bytes[content], goes: goes.length > 0 };
      });
      for (const owner of ['usr_a', 'usr_b', 'grp_a', 'grp_b']) {
        const own = judged.filter((each) => (each.groupId ?? each.ownerId) === owner && each.sizeBytes > 0);
        const firstGone = own.findIndex(({ goes }) => goes);
        const kept = firstGone < 0 ? own : own.slice(0, firstGone);
        expect(own.slice(kept.length).every(({ goes }) => goes)).toBe(true);
        const bytes = kept.reduce((sum, each) => sum + each.sizeBytes, 0);
        expect(bytes).toBeLessThanOrEqual(keepBytes);
        const withNext = firstGone < 0 ? Number.POSITIVE_INFINITY : bytes + (own[firstGone]?.sizeBytes ?? 0);
        expect(withNext).toBeGreaterThan(keepBytes);
      }
    }),
  );
});
