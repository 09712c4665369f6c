// The policy: replaced whole, never by one that contradicts itself, and what it may not mean.
import { DEFAULT_POLICY, fits, Policy, type PolicyEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { describe, expect, it } from 'vitest';
import { policyWarnings } from './policy-warnings.ts';
import { policyDecider } from './policy.commands.ts';
import { evolvePolicy, initialPolicy } from './policy.ts';

const USER = { userId: 'usr_aaaaaaaaaaaaaaaaaaaaaaaaaa' };
const GROUP = { groupId: 'grp_aaaaaaaaaaaaaaaaaaaaaaaaaa' };
const aPolicy = (change: Partial<Policy> = {}): Policy => ({ ...DEFAULT_POLICY, ...change });
const change = (policy: Policy, before: Policy = DEFAULT_POLICY) =>
  policyDecider.decide({ type: 'Change', policy, comment: 'why' }, { policy: before });
const faultsOf = (policy: Policy): (string | undefined)[] => {
  try {
    change(policy);
    return [];
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    expect(error.code).toBe('invalid_input');
    return error.issues.map(({ pointer }) => pointer);
  }
};
const warnings = (policy: Partial<Policy>, gpus = 4) =>
  policyWarnings(aPolicy(policy), gpus).map(({ pointer }) => pointer);

describe('a change of the policy', () => {
  it('puts another one in its place', () => {
    const policy = aPolicy({ order: 'fifo' });
    const events = change(policy);
    expect(events).toEqual([{ type: 'PolicyChanged', v: 1, data: { policy, comment: 'why' } }] satisfies PolicyEvent[]);
    expect(events.reduce(evolvePolicy, initialPolicy).policy).toEqual(policy);
  });

  it('is none where the policy is the same, whichever order its members, classes and quotas came in', () => {
    const quotas = [
      { of: USER, hardGpus: 1 },
      { of: GROUP, hardGpus: 2 },
    ];
    const policy = aPolicy({ quotas });
    const members = Object.fromEntries(Object.entries(policy).toReversed()) as Policy;
    const reversed = { ...members, classes: policy.classes.toReversed(), quotas: quotas.toReversed() };
    expect(change(reversed, policy)).toEqual([]);
    expect(change({ ...reversed, quotas: quotas.map((each) => ({ ...each, hardGpus: 1 })) }, policy)).toHaveLength(1);
  });
});

describe('the default', () => {
  it('fits its schema, contradicts itself nowhere and needs no warning', () => {
    expect(fits(Policy, DEFAULT_POLICY)).toBe(true);
    expect(faultsOf(aPolicy({ order: 'fifo' }))).toEqual([]);
    expect(warnings({})).toEqual([]);
  });
});

describe('a policy is refused', () => {
  const [first] = DEFAULT_POLICY.classes;
  if (first === undefined) throw new Error('the default has no classes');

  it.each<[string, Partial<Policy>, string]>([
    [
      'with two classes of one name',
      { classes: [first, { ...first, priority: 1 }], defaultClass: first.name },
      '/classes/1/name',
    ],
    ['with a default class that it does not have', { defaultClass: 'other' }, '/defaultClass'],
    [
      'with less allowed than guaranteed',
      { quotas: [{ of: USER, hardGpus: 1, guaranteedGpus: 2 }] },
      '/quotas/0/hardGpus',
    ],
    ['with a quota that limits nothing', { quotas: [{ of: GROUP }] }, '/quotas/0'],
    [
      'with two quotas of one user',
      {
        quotas: [
          { of: USER, hardGpus: 1 },
          { of: { ...USER }, runningJobs: 1 },
        ],
      },
      '/quotas/1',
    ],
    [
      'with two quotas of one group',
      {
        quotas: [
          { of: GROUP, hardGpus: 1 },
          { of: GROUP, hardGpus: 1 },
        ],
      },
      '/quotas/1',
    ],
    [
      'with two quotas of everybody else',
      {
        quotas: [
          { of: { each: 'user' }, hardGpus: 1 },
          { of: { each: 'user' }, hardGpus: 2 },
        ],
      },
      '/quotas/1',
    ],
    ['with thresholds that do not ascend', { lasThresholdsDeviceSeconds: [60, 120, 120] }, '/lasThresholds/2'],
  ])('%s', (_what, wrong, pointer) => {
    expect(faultsOf(aPolicy(wrong))).toEqual([pointer]);
  });

  it('with all that is wrong in it', () => {
    const quotas = [{ of: USER }, { of: GROUP, hardGpus: 0, guaranteedGpus: 1 }];
    expect(faultsOf(aPolicy({ quotas, defaultClass: 'other' }))).toEqual([
      '/defaultClass',
      '/quotas/0',
      '/quotas/1/hardGpus',
    ]);
  });
});

describe('a policy is taken', () => {
  it('with a class that preempts and is preemptible itself, and with as much allowed as guaranteed', () => {
    const classes = [{ name: 'one', priority: 0, preempts: true, preemptible: true }];
    const quotas = [
      { of: USER, hardGpus: 2, guaranteedGpus: 2 },
      { of: { each: 'user' as const }, hardGpus: 0 },
    ];
    expect(faultsOf(aPolicy({ classes, defaultClass: 'one', quotas }))).toEqual([]);
  });
});

describe('a warning', () => {
  it('says that more is guaranteed than there is, to users and to groups each for themselves', () => {
    const both = [
      { of: USER, guaranteedGpus: 4 },
      { of: GROUP, guaranteedGpus: 4 },
    ];
    expect(warnings({ quotas: both })).toEqual([]);
    expect(warnings({ quotas: both }, 3)).toEqual(['/quotas', '/quotas']);
  });
  it('says that a class has nobody to preempt', () => {
    const classes = [
      { name: 'one', priority: 0, preempts: true, preemptible: true },
      { name: 'two', priority: 1, preempts: true, preemptible: false },
    ];
    expect(warnings({ classes })).toEqual(['/classes/0/preempts']);
    const nobody = classes.map((each) => ({ ...each, preempts: false, preemptible: false }));
    expect(warnings({ classes: nobody, preemption: { by: 'order', minRunMs: 0 } })).toEqual(['/preemption/by']);
  });
  it('says that las has one queue', () => {
    expect(warnings({ order: 'las', lasThresholdsDeviceSeconds: [] })).toEqual(['/lasThresholds']);
  });
});
