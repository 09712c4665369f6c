// The rules of a job's life, as given / when / then.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { type JobCommand, jobDecider, MAX_INFRASTRUCTURE_LOSSES } from './job.commands.ts';

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;

function event<T extends JobEvent['type']>(type: T, data: Extract<JobEvent, { type: T }>['data']): JobEvent {
  return { type, v: 1, data } as JobEvent;
}

function submitted(change: Parameters<typeof aSpec>[0] = {}): JobEvent {
  return event('JobSubmitted', { spec: aSpec(change), ...owned });
}
const assigned = (attempt = 1) => event('JobAssigned', { attempt, nodeId: 'nod_a', devices: ['cpu-0'] });
const started = event('AttemptStarted', { attempt: 1, startedAt: 5 });

function result(change: Partial<AttemptResult> = {}): AttemptResult {
  const base = {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: 'it ended',
    lastLines: [],
    finalMetrics: {},
  } as const;
  return { ...base, artifacts: null, startedAt: 5, endedAt: 9, ...change, lastLines: [] };
}
const end = (attempt: number, ended: AttemptResult): JobCommand => ({
  type: 'RecordEnded',
  attempt,
  result: ended,
  now: 1_000,
});

describe('a job', () => {
  it('is assigned with the next attempt number and its devices in one commit', () => {
    given(jobDecider, submitted())
      .when({ type: 'Assign', nodeId: 'nod_a', devices: ['cpu-0'] })
      .then(assigned());
  });

  it('is never assigned twice', () => {
    given(jobDecider, submitted(), assigned())
      .when({ type: 'Assign', nodeId: 'nod_b', devices: ['cpu-1'] })
      .thenRefuses('conflict');
  });

  it('succeeds when its command exits with 0', () => {
    given(jobDecider, submitted(), assigned(), started)
      .when(end(1, result()))
      .then(event('AttemptEnded', { attempt: 1, result: result() }), event('JobSucceeded', {}));
  });

  it('ignores facts of an attempt that is not its newest', () => {
    given(jobDecider, submitted(), assigned(), started).when(end(2, result())).then();
  });

  it('ignores a fact told a second time', () => {
    const ended = event('AttemptEnded', { attempt: 1, result: result() });
    given(jobDecider, submitted(), assigned(), started, ended, event('JobSucceeded', {})).when(end(1, result())).then();
    given(jobDecider, submitted(), assigned(), started).when({ type: 'RecordStarted', attempt: 1, at: 7 }).then();
  });

  it("fails at once when the user's command fails and no retry is left", () => {
    const failed = result({ exitCode: 3, message: 'exited with 3' });
    given(jobDecider, submitted(), assigned(), started)
      .when(end(1, failed))
      .then(event('AttemptEnded', { attempt: 1, result: failed }), event('JobFailed', { message: 'exited with 3' }));
  });

  it('is queued again with a pause while retries are left', () => {
    const failed = result({ exitCode: 3 });
    given(jobDecider, submitted({ retries: 1 }), assigned(), started)
      .when(end(1, failed))
      .then(
        event('AttemptEnded', { attempt: 1, result: failed }),
        event('JobRequeued', { cause: 'retry', notBefore: 2_000 }),
      );
  });

  it('is not retried when its input is wrong or its time too short', () => {
    for (const reason of ['bad-input', 'time-limit'] as const) {
      const ended = result({ reason, exitCode: null, message: 'no' });
      given(jobDecider, submitted({ retries: 5 }), assigned(), started)
        .when(end(1, ended))
        .then(event('AttemptEnded', { attempt: 1, result: ended }), event('JobFailed', { message: 'no' }));
    }
  });

  it("survives infrastructure losses without using up the user's retries", () => {
    const lost = result({ reason: 'lost', exitCode: null });
    given(jobDecider, submitted(), assigned(), started)
      .when(end(1, lost))
      .then(
        event('AttemptEnded', { attempt: 1, result: lost }),
        event('JobRequeued', { cause: 'infrastructure', notBefore: 2_000 }),
      );
  });

  it('fails after too many infrastructure losses', () => {
    const lost = result({ reason: 'lost', exitCode: null, message: 'gone' });
    const history = Array.from({ length: MAX_INFRASTRUCTURE_LOSSES }, (_, index) => [
      assigned(index + 1),
      event('AttemptEnded', { attempt: index + 1, result: lost }),
      event('JobRequeued', { cause: 'infrastructure', notBefore: 0 }),
    ]).flat();
    const attempt = MAX_INFRASTRUCTURE_LOSSES + 1;
    given(jobDecider, submitted(), ...history, assigned(attempt))
      .when(end(attempt, lost))
      .then(
        event('AttemptEnded', { attempt, result: lost }),
        event('JobFailed', { message: `Lost ${attempt} times: gone` }),
      );
  });
});

describe('cancelling a job', () => {
  const cancel: JobCommand = { type: 'Cancel', by: 'usr_a', reason: 'enough' };
  const requested = event('CancelRequested', { by: 'usr_a', reason: 'enough' });

  it('ends a queued job at once', () => {
    given(jobDecider, submitted()).when(cancel).then(requested, event('JobCancelled', {}));
  });

  it('only asks a placed one to stop: its devices are free when its processes are gone', () => {
    given(jobDecider, submitted(), assigned(), started).when(cancel).then(requested);
  });

  it('asked twice changes nothing', () => {
    given(jobDecider, submitted(), assigned(), requested).when(cancel).then();
  });

  it('makes the end of the attempt a cancellation', () => {
    const killed = result({ reason: 'cancelled', exitCode: null, signal: 'SIGTERM' });
    given(jobDecider, submitted(), assigned(), started, requested)
      .when(end(1, killed))
      .then(event('AttemptEnded', { attempt: 1, result: killed }), event('JobCancelled', {}));
  });

  it('comes too late for a command that ended well by itself', () => {
    given(jobDecider, submitted(), assigned(), started, requested)
      .when(end(1, result()))
      .then(event('AttemptEnded', { attempt: 1, result: result() }), event('JobSucceeded', {}));
  });

  it('is refused once the job is over', () => {
    given(jobDecider, submitted(), assigned(), started, event('JobSucceeded', {})).when(cancel).thenRefuses('conflict');
  });

  it('is refused for a job that is not there', () => {
    given(jobDecider).when(cancel).thenRefuses('not_found');
  });
});
