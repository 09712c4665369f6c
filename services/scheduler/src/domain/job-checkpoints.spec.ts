// What the log knows of a job's checkpoints, and so what its next attempt goes on from.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { jobDecider } from './job.commands.ts';
import { evolveJob, initialJob } from './job.ts';

const event = (type: JobEvent['type'], data: object) => ({ type, v: 1, data }) as JobEvent;
const summary = (digit: string) => ({ digest: digit.repeat(64), fileCount: 1, sizeBytes: 1 });
const submitted = event('JobSubmitted', {
  spec: aSpec({ retries: 2 }),
  ownerId: 'usr_a',
  groupId: null,
  visibility: 'private',
});
const assigned = (attempt: number) => event('JobAssigned', { attempt, nodeId: 'nod_a', devices: ['cpu-0'] });
const started = (attempt: number) => event('AttemptStarted', { attempt, startedAt: 5 });
const stored = (attempt: number, digit: string) =>
  event('AttemptCheckpointed', { attempt, at: 7, checkpoints: summary(digit) });
const requeued = event('JobRequeued', { cause: 'retry', notBefore: 0 });
function ended(attempt: number, checkpoints: AttemptResult['checkpoints']): JobEvent {
  const result = { reason: 'exited', exitCode: 1, signal: null, message: '', lastLines: [], finalMetrics: {} } as const;
  return event('AttemptEnded', {
    attempt,
    result: { ...result, artifacts: null, checkpoints, startedAt: 5, endedAt: 9 },
  });
}
const record = (attempt: number, digit: string) =>
  ({ type: 'RecordCheckpointed', attempt, at: 7, checkpoints: summary(digit) }) as const;

describe('checkpoints that an agent has stored', () => {
  it('are recorded while the attempt runs, each once', () => {
    given(jobDecider, submitted, assigned(1), started(1)).when(record(1, 'a')).then(stored(1, 'a'));
    given(jobDecider, submitted, assigned(1), started(1), stored(1, 'a')).when(record(1, 'a')).then();
    given(jobDecider, submitted, assigned(1), started(1), stored(1, 'a')).when(record(1, 'b')).then(stored(1, 'b'));
  });

  it('are known with their time, as long as the attempt runs: work of before is not lost if it is stopped', () => {
    const savedAt = (...events: JobEvent[]) => {
      const state = [submitted, assigned(1), started(1), ...events].reduce(evolveJob, initialJob);
      return 'attempt' in state ? state.attempt.savedAt : undefined;
    };
    expect(savedAt()).toBeNull();
    expect(savedAt(stored(1, 'a'))).toBe(7);
    expect(savedAt(stored(1, 'a'), ended(1, null), requeued, assigned(2))).toBeNull();
  });

  it('of an attempt that is not the newest have no effect', () => {
    given(jobDecider, submitted, assigned(1), started(1), requeued, assigned(2)).when(record(1, 'a')).then();
  });

  it('are what the next attempt goes on from: the newest, and what was there before where an end brought none', () => {
    const after = (...events: JobEvent[]) => {
      const state = [submitted, assigned(1), started(1), ...events].reduce(evolveJob, initialJob);
      return state.phase === 'none' ? undefined : state.checkpoints;
    };
    expect(after()).toBeNull();
    expect(after(stored(1, 'a'), ended(1, summary('b')), requeued, assigned(2))).toBe('b'.repeat(64));
    expect(after(stored(1, 'a'), ended(1, null), requeued, assigned(2))).toBe('a'.repeat(64));
    expect(after(stored(1, 'a'), ended(1, undefined), requeued, assigned(2), started(2), stored(2, 'c'))).toBe(
      'c'.repeat(64),
    );
  });
});
