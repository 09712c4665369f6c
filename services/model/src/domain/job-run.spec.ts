// What is registered after a job, folded from its events.
import type { AttemptResult, JobEvent, PinnedSpec } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { evolveJobRun, initialJobRun, registrationOf } from './job-run.ts';

const JOB = `job_${'a'.repeat(26)}`;
const NODE = `nod_${'a'.repeat(26)}`;
const OWNER = `usr_${'a'.repeat(26)}`;
const code = { modelId: `mdl_${'a'.repeat(26)}`, version: 2, digest: '2'.repeat(64) };
const spec = (model: string | null): PinnedSpec => ({
  name: 'train',
  code: { ...code, modelName: 'digits' },
  command: ['python', 'train.py'],
  datasets: [],
  env: {},
  secrets: [],
  resources: { gpus: 0, cpus: 1, memoryBytes: 0 },
  nodeId: null,
  timeLimitMs: null,
  retries: 0,
  environment: {},
  outputs: { model },
  labels: {},
});
const result = (digit: string | null): AttemptResult => ({
  reason: 'exited',
  exitCode: 0,
  signal: null,
  message: 'exited with 0',
  lastLines: [],
  finalMetrics: { loss: 0.1 },
  artifacts: digit === null ? null : { digest: digit.repeat(64), fileCount: 1, sizeBytes: 1 },
  startedAt: 1,
  endedAt: 2,
});
const submitted = (model: string | null): JobEvent => ({
  type: 'JobSubmitted',
  v: 1,
  data: { spec: spec(model), ownerId: OWNER, groupId: null, visibility: 'private' },
});
const assigned = (attempt: number): JobEvent => ({
  type: 'JobAssigned',
  v: 1,
  data: { attempt, nodeId: NODE, devices: ['cpu-0'] },
});
const ended = (attempt: number, digit: string | null): JobEvent => ({
  type: 'AttemptEnded',
  v: 1,
  data: { attempt, result: result(digit) },
});
const succeeded: JobEvent = { type: 'JobSucceeded', v: 1, data: {} };
const after = (...events: JobEvent[]) => registrationOf(JOB, events.reduce(evolveJobRun, initialJobRun));

describe('what a job registers', () => {
  it('is what its last attempt left, with every arrow that led there', () => {
    const requeued: JobEvent = { type: 'JobRequeued', v: 1, data: { cause: 'retry', notBefore: 1 } };
    expect(
      after(submitted('digits'), assigned(1), ended(1, '1'), requeued, assigned(2), ended(2, '5'), succeeded),
    ).toEqual({
      jobId: JOB,
      model: 'digits',
      ownership: { ownerId: OWNER, groupId: null, visibility: 'private' },
      attempt: 2,
      artifactsDigest: '5'.repeat(64),
      lineage: { jobId: JOB, attempt: 2, nodeId: NODE, code, datasets: [], metrics: { loss: 0.1 } },
    });
  });

  it('is nothing without success, artifacts or a name to register under', () => {
    expect(after(submitted('digits'), assigned(1), ended(1, '1'))).toBeNull();
    expect(
      after(submitted('digits'), assigned(1), ended(1, '1'), { type: 'JobFailed', v: 1, data: { message: 'x' } }),
    ).toBeNull();
    expect(after(submitted('digits'), assigned(1), ended(1, null), succeeded)).toBeNull();
    expect(after(submitted(null), assigned(1), ended(1, '1'), succeeded)).toBeNull();
  });
});
