// Holds, promises of a start and preemption, as given / when / then.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { type JobCommand, jobDecider } from './job.commands.ts';
import { evolveJob, initialJob, type JobState } from './job.ts';
import { event } from './job-event.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;
const submitted = (change: Parameters<typeof aSpec>[0] = {}) =>
  event('JobSubmitted', { spec: aSpec({ keepsCheckpoints: true, ...change }), ...owned });
const assigned = (attempt = 1) => event('JobAssigned', { attempt, nodeId: 'nod_a', devices: ['cpu-0'] });
const behind = { count: 1, pool: ['cpu-0'], predecessors: [{ jobId: 'job_b', attempt: 1 }] };
const inLine = event('JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: [], behind });
const started = (attempt = 1, startedAt = 5) => event('AttemptStarted', { attempt, startedAt });
const held = event('JobHeld', { by: 'usr_a' });
const revoking = (reason: string) => event('RevocationRequested', { attempt: 1, reason });

const result = (change: Partial<AttemptResult> = {}): AttemptResult => ({
  reason: 'exited',
  exitCode: 0,
  signal: null,
  message: 'it ended',
  finalMetrics: {},
  artifacts: null,
  startedAt: 5,
  endedAt: 9,
  ...change,
  lastLines: [],
});
const end = (ended: AttemptResult, attempt = 1): JobCommand => ({
  type: 'RecordEnded',
  attempt,
  result: ended,
  now: 1_000,
});
const stateAfter = (...events: JobEvent[]): JobState => events.reduce(evolveJob, initialJob);

describe('holding a job', () => {
  const hold: JobCommand = { type: 'Hold', by: 'usr_a' };
  const release: JobCommand = { type: 'Release', by: 'usr_b' };

  it('keeps a queued job until somebody releases it', () => {
    given(jobDecider, submitted()).when(hold).then(held);
    given(jobDecider, submitted(), held)
      .when(release)
      .then(event('JobReleased', { by: 'usr_b' }));
  });

  it('asked twice, of one that is held or one that is not, changes nothing', () => {
    given(jobDecider, submitted(), held).when(hold).then();
    given(jobDecider, submitted()).when(release).then();
  });

  it('releases what was submitted held', () => {
    given(jobDecider, submitted({ hold: true }))
      .when(release)
      .then(event('JobReleased', { by: 'usr_b' }));
  });

  it('calls back one that waits for its devices, which is held once its agent has agreed', () => {
    given(jobDecider, submitted(), inLine).when(hold).then(held, revoking('It is held.'));
    const revoked = [event('AttemptRevoked', { attempt: 1 }), event('JobRequeued', { cause: 'revoked', notBefore: 0 })];
    expect(stateAfter(submitted(), inLine, held, revoking(''), ...revoked)).toMatchObject({
      phase: 'queued',
      isHeld: true,
    });
  });

  it('is refused for a job that has its devices, or is over', () => {
    given(jobDecider, submitted(), assigned()).when(hold).thenRefuses('conflict');
    given(jobDecider, submitted(), assigned(), started()).when(hold).thenRefuses('conflict');
    given(jobDecider, submitted(), event('JobCancelled', {})).when(hold).thenRefuses('conflict');
    given(jobDecider, submitted(), event('JobCancelled', {})).when(release).thenRefuses('conflict');
  });
});

describe('a promise of a start', () => {
  const reserve: JobCommand = { type: 'ReserveStart', nodeIds: ['nod_a'], at: 70 };
  const reserved = event('StartReserved', { nodeIds: ['nod_a'], at: 70 });

  it('is kept on a queued job, once, until it is another or is dropped', () => {
    given(jobDecider, submitted()).when(reserve).then(reserved);
    given(jobDecider, submitted(), reserved).when(reserve).then();
    given(jobDecider, submitted(), reserved)
      .when({ ...reserve, at: 60 })
      .then(event('StartReserved', { nodeIds: ['nod_a'], at: 60 }));
    given(jobDecider, submitted(), reserved)
      .when({ type: 'DropReservation' })
      .then(event('StartReservationDropped', {}));
    given(jobDecider, submitted()).when({ type: 'DropReservation' }).then();
  });

  it('is of no use to a job that is placed, and is gone when it is queued again', () => {
    given(jobDecider, submitted(), reserved, assigned()).when(reserve).then();
    const requeued = event('JobRequeued', { cause: 'infrastructure', notBefore: 0 });
    expect(stateAfter(submitted(), reserved)).toMatchObject({ reservation: { nodeIds: ['nod_a'], at: 70 } });
    expect(stateAfter(submitted(), reserved, assigned(), requeued)).toMatchObject({ reservation: null });
    expect(stateAfter(submitted(), reserved, held)).toMatchObject({ reservation: null });
  });
});

describe('preemption', () => {
  const preempt: JobCommand = { type: 'RequestPreemption', forJobId: 'job_urgent', reason: 'job_urgent goes first' };
  const requested = event('PreemptionRequested', { attempt: 1, for: 'job_urgent', reason: 'job_urgent goes first' });
  const stopped = result({ reason: 'cancelled', exitCode: null, signal: 'SIGTERM', message: 'Stopped as asked.' });
  const preempted = {
    ...stopped,
    reason: 'preempted',
    message: 'Stopped for job job_urgent; it goes on later.',
  } as const;
  const requeued = event('JobRequeued', { cause: 'preemption', notBefore: 0 });
  const running = [submitted(), assigned(), started()];

  it('stops a running job, which is then queued again, at once and against none of its retries', () => {
    given(jobDecider, ...running)
      .when(preempt)
      .then(requested);
    given(jobDecider, ...running, requested)
      .when(end(stopped))
      .then(event('AttemptEnded', { attempt: 1, result: preempted }), requeued);
  });

  it('counts apart, and adds up how long the attempts ran whose work is kept', () => {
    const again = [assigned(2), started(2, 100), { ...requested, data: { ...requested.data, attempt: 2 } } as JobEvent];
    const second = event('AttemptEnded', { attempt: 2, result: { ...preempted, startedAt: 100, endedAt: 130 } });
    const first = event('AttemptEnded', { attempt: 1, result: preempted });
    expect(stateAfter(...running, requested, first, requeued, ...again, second, requeued)).toMatchObject({
      phase: 'queued',
      preemptions: 2,
      userFailures: 0,
      infrastructureLosses: 0,
      servedMs: 34,
    });
  });

  it('begins the next attempt with the checkpoints of the stopped one', () => {
    const checkpoints = { digest: 'c'.repeat(64), fileCount: 1, sizeBytes: 1 };
    const ended = event('AttemptEnded', { attempt: 1, result: { ...preempted, checkpoints } });
    expect(stateAfter(...running, requested, ended, requeued)).toMatchObject({ checkpoints: checkpoints.digest });
  });

  it('asked twice, of a queued job or of one that is being stopped, changes nothing', () => {
    given(jobDecider, ...running, requested)
      .when(preempt)
      .then();
    given(jobDecider, submitted()).when(preempt).then();
    const cancel = event('CancelRequested', { by: 'usr_a', reason: '' });
    given(jobDecider, ...running, cancel)
      .when(preempt)
      .then();
  });

  it('is refused for a running job that keeps no checkpoints, and calls back one that only waits', () => {
    given(jobDecider, submitted({ keepsCheckpoints: false }), assigned(), started())
      .when(preempt)
      .thenRefuses('conflict');
    given(jobDecider, submitted(), inLine).when(preempt).then(revoking('job_urgent goes first'));
  });

  it('comes too late for a job that has ended by itself', () => {
    given(jobDecider, ...running, requested)
      .when(end(result()))
      .then(event('AttemptEnded', { attempt: 1, result: result() }), event('JobSucceeded', {}));
    const failed = result({ exitCode: 3, message: 'no' });
    given(jobDecider, ...running, requested)
      .when(end(failed))
      .then(event('AttemptEnded', { attempt: 1, result: failed }), event('JobFailed', { message: 'no' }));
  });

  it('is an infrastructure loss when its node is lost meanwhile', () => {
    const lost = result({ reason: 'lost', exitCode: null });
    given(jobDecider, ...running, requested)
      .when(end(lost))
      .then(
        event('AttemptEnded', { attempt: 1, result: lost }),
        event('JobRequeued', { cause: 'infrastructure', notBefore: 2_000 }),
      );
  });

  it('gives way to a cancellation', () => {
    const cancelled = event('CancelRequested', { by: 'usr_a', reason: 'enough' });
    given(jobDecider, ...running, requested)
      .when({ type: 'Cancel', by: 'usr_a', reason: 'enough' })
      .then(cancelled);
    given(jobDecider, ...running, requested, cancelled)
      .when(end(stopped))
      .then(event('AttemptEnded', { attempt: 1, result: stopped }), event('JobCancelled', {}));
  });

  it('of several ranks is one, also where a rank fails for lack of another that was stopped before it', () => {
    const ranks = ['a', 'b'].map((name) => ({ nodeId: `nod_${name}`, name, address: name, devices: ['cpu-0'] }));
    const gang = [
      submitted({ nodes: 2 }),
      event('JobAssigned', { attempt: 1, nodeId: 'nod_a', devices: ['cpu-0'], ranks }),
      event('AttemptStarted', { attempt: 1, startedAt: 5, rank: 0 }),
      event('AttemptStarted', { attempt: 1, startedAt: 5, rank: 1 }),
      requested,
    ];
    const broken = result({ exitCode: 1, message: 'lost its peer', endedAt: 7 });
    const first = event('RankEnded', { attempt: 1, rank: 1, result: broken });
    given(jobDecider, ...gang)
      .when({ ...end(broken), rank: 1 } as JobCommand)
      .then(first);
    given(jobDecider, ...gang, first)
      .when({ ...end(stopped), rank: 0 } as JobCommand)
      .then(
        event('RankEnded', { attempt: 1, rank: 0, result: stopped }),
        event('AttemptEnded', { attempt: 1, result: { ...preempted, exitCode: 1, signal: null } }),
        requeued,
      );
  });
});
