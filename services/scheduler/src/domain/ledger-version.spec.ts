// What was saved by a version that folds otherwise must not be used: whoever changes what the ledger makes of a history raises its version.
import type { AttemptResult } from '@baton/contracts';
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { aSpec } from '../testing/job-builders.ts';
import { type JobCommand, jobDecider } from './job.commands.ts';
import { JobLedger } from './ledger.ts';
import { LEDGER_VERSION } from './saved-ledger.ts';

const KNOWN = { version: 3, digest: 'a41fb0c83ae92e76' };

const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;
const exited = (exitCode: number): AttemptResult => ({
  reason: 'exited',
  exitCode,
  signal: null,
  message: '',
  lastLines: [],
  finalMetrics: {},
  artifacts: null,
  startedAt: 4_000,
  endedAt: 50_000,
});

/** A job of each kind: over (and its run time learned), running, queued again, held, one that waits for another, one of an array, one being stopped. */
function history(): JobLedger {
  const ledger = new JobLedger();
  ledger.load();
  let position = 0;
  const write = (id: string, command: JobCommand): void => {
    position += 1;
    const state = ledger.active(id)?.state ?? jobDecider.initialState;
    const place = { position, revision: position, hash: `hash ${position}`, at: position * 1_000 };
    ledger.apply(id, jobDecider.decide(command, state), place);
  };
  const submit = (id: string, more: Parameters<typeof aSpec>[0] = {}) =>
    write(id, { type: 'Submit', spec: aSpec({ timeLimitMs: 60_000, retries: 1, ...more }), owned, rerunOf: null });
  for (const id of ['job_1', 'job_2', 'job_3', 'job_4']) {
    submit(id);
    write(id, { type: 'Assign', nodeId: 'nod_a', devices: [`cpu-${id}`] });
    write(id, { type: 'RecordStarting', attempt: 1 });
    write(id, { type: 'RecordStarted', attempt: 1, at: position * 1_000 });
  }
  write('job_1', { type: 'RecordEnded', attempt: 1, result: exited(0), now: 60_000 });
  write('job_2', { type: 'RecordEnded', attempt: 1, result: exited(1), now: 61_000 });
  write('job_4', { type: 'Cancel', by: 'usr_a', reason: 'enough' });
  submit('job_5', { hold: true });
  submit('job_6', { after: [{ jobId: 'job_3', when: 'success' }] });
  return ledger;
}

it('the version stands for what is folded of a history', () => {
  const digest = createHash('sha256').update(JSON.stringify(history().save())).digest('hex').slice(0, 16);
  // Not the same? Raise LEDGER_VERSION, and put both here.
  expect({ version: LEDGER_VERSION, digest }).toEqual(KNOWN);
});
