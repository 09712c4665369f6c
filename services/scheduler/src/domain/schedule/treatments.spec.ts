// Trying out a policy: which jobs would be treated otherwise, and that nothing is changed by asking.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import { expect, it } from 'vitest';
import { aDescription, aSpec } from '../../testing/job-builders.ts';
import { jobDecider } from '../job.commands.ts';
import { JobLedger } from '../ledger.ts';
import { treatedDifferently } from './treatments.ts';

const NOW = 1_000;
const description = aDescription('box', { cpu: 1 });

function ledgerWith(classes: readonly string[]): JobLedger {
  const ledger = new JobLedger();
  const state = { phase: 'known', description, reachable: true, cordoned: null, admission: null } as const;
  ledger.setNodes([{ id: 'nod_box', heard: true, state }]);
  const owned = { ownerId: 'usr', groupId: null, visibility: 'private' } as const;
  for (const [index, name] of classes.entries()) {
    const submit = { type: 'Submit', spec: aSpec({ class: name }), owned, rerunOf: null } as const;
    const place = { position: index + 1, revision: 1, hash: '', at: 0 };
    ledger.apply(`job_${index + 1}`, jobDecider.decide(submit, { phase: 'none' }), place);
  }
  return ledger;
}
const tried = (ledger: JobLedger, policy: Policy) =>
  treatedDifferently(ledger.under(ledger.engine.policy, NOW), ledger.under(policy, NOW), NOW);

it('names the jobs that another priority of their class puts elsewhere', () => {
  const ledger = ledgerWith(['scavenger', 'normal', 'scavenger', 'scavenger']);
  const classes = DEFAULT_POLICY.classes.map((one) => (one.name === 'scavenger' ? { ...one, priority: 50 } : one));
  const before = ledger.engine.plan(NOW);
  expect(tried(ledger, { ...DEFAULT_POLICY, classes })).toContainEqual({
    jobId: 'job_2',
    now: 'starts',
    instead: expect.stringMatching(/^(joins a line|waits, number \d)$/) as string,
  });
  expect(ledger.engine.plan(NOW)).toEqual(before);
});

it('names a job that a quota keeps back', () => {
  const ledger = ledgerWith(['normal']);
  const quotas: Policy['quotas'] = [{ of: { each: 'user' }, runningJobs: 0 }];
  expect(tried(ledger, { ...DEFAULT_POLICY, quotas })).toEqual([
    { jobId: 'job_1', now: 'starts', instead: 'waits, number 1' },
  ]);
});

it('names none under the same policy', () => {
  const ledger = ledgerWith(['normal', 'urgent', 'scavenger']);
  expect(tried(ledger, DEFAULT_POLICY)).toEqual([]);
});
