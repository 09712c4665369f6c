// What of the streams of output and metrics counts, as the job's log has it at the time.
import type { JobEventView } from '@baton/contracts';
import { expect, it } from 'vitest';
import { attemptResult, NODE, runningJob } from '../testing/job-output.ts';
import { KnownAttempts } from './attempt-subject.ts';

const RESULT = attemptResult({ reason: 'lost', exitCode: null, fence: { logs: 7, metrics: 3 } });
const job = runningJob('job_j');
const known = (rank?: number) => new KnownAttempts(job, async () => job, rank);
const at = (position: number, attempt = 1) => ({ subject: `log.${NODE}.job_j.${attempt}.stdout`, position });
const commit = (type: string, data: object): Pick<JobEventView, 'events'> => ({ events: [{ type, v: 1, data }] });

it('is not, for who follows, what comes behind the fence of an attempt that has ended meanwhile', async () => {
  const attempts = known();
  expect(await attempts.writerOf(at(8), 'logs')).toMatchObject({ attempt: 1, output: 'stdout', result: null });
  attempts.saw(commit('AttemptEnded', { attempt: 1, result: RESULT }));
  expect(await attempts.writerOf(at(7), 'logs')).toMatchObject({ attempt: 1, result: RESULT });
  expect(await attempts.writerOf(at(8), 'logs')).toBe(null);
  expect(await attempts.writerOf(at(4), 'metrics')).toBe(null);
});

it('goes by the end of the rank that is followed', async () => {
  const attempts = known(0);
  attempts.saw(commit('RankEnded', { attempt: 1, rank: 1, result: RESULT }));
  expect(await attempts.writerOf(at(8), 'logs')).toMatchObject({ result: null });
  attempts.saw(commit('RankEnded', { attempt: 1, rank: 0, result: { ...RESULT, fence: { logs: 9, metrics: 9 } } }));
  attempts.saw(commit('AttemptEnded', { attempt: 1, result: RESULT }));
  expect(await attempts.writerOf(at(9), 'logs')).toMatchObject({ attempt: 1 });
  expect(await attempts.writerOf(at(10), 'logs')).toBe(null);
});
