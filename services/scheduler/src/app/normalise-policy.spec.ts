// A policy as it is written: names become ids, durations milliseconds, the rest is the default, and every fault has its place.
import { DEFAULT_POLICY, fits, issuesOf, Policy, PolicyDocument } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { assert, constantFrom, dictionary, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Directory } from './directory.ts';
import { normalisePolicy } from './normalise-policy.ts';
import { policyChanges } from './policy-changes.ts';
import { policyDocument } from './policy-text.ts';
import type { Caller } from './ports.ts';

const ADA = 'usr_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const VISION = 'grp_vvvvvvvvvvvvvvvvvvvvvvvvvv';
const caller: Caller = {
  principal: { kind: 'user', userId: ADA, role: 'admin', groups: [], credentialId: 'c' },
  meta: { requestId: 'r' },
};
const known = (names: Readonly<Record<string, string>>) => async (_caller: Caller, ref: string) => {
  const id = names[ref];
  if (id === undefined) throw new PlatformError('not_found', 'There is none.');
  return id;
};
const directory: Directory = {
  findUser: known({ 'ada@example.com': ADA, [ADA]: ADA }),
  findGroup: known({ vision: VISION, [VISION]: VISION }),
};
const normalise = (document: PolicyDocument) => normalisePolicy(document, caller, directory);
async function faultsOf(document: PolicyDocument): Promise<string[]> {
  const error: unknown = await normalise(document).catch((thrown: unknown) => thrown);
  if (!(error instanceof PlatformError) || !hasCode(error, 'invalid_input')) throw new Error('it was taken');
  return error.issues.map(({ pointer }) => pointer);
}

describe('a policy as it is written', () => {
  it('that says nothing is the default', async () => {
    expect(await normalise({})).toEqual(DEFAULT_POLICY);
  });

  it('has names for ids, text for durations, and the default for what it leaves out', async () => {
    const policy = await normalise({
      fairShare: { halfLife: '3d12h', users: { 'ada@example.com': 2 }, groups: { vision: 3 } },
      quotas: [
        { user: 'ada@example.com', hardGpus: 4 },
        { group: 'vision', guaranteedGpus: 2 },
        { each: 'user', runningJobs: 8 },
      ],
      backfill: { defaultTimeLimit: 3_600 },
      promoteAfter: 0,
      preemption: { minRun: '90s' },
      classes: [{ name: 'only', priority: 0 }],
      defaultClass: 'only',
      lasThresholds: ['1h', 36_000],
    });
    expect(policy).toEqual({
      ...DEFAULT_POLICY,
      fairShare: { halfLifeMs: 302_400_000, users: { [ADA]: 2 }, groups: { [VISION]: 3 } },
      quotas: [
        { of: { userId: ADA }, hardGpus: 4 },
        { of: { groupId: VISION }, guaranteedGpus: 2 },
        { of: { each: 'user' }, runningJobs: 8 },
      ],
      backfill: { ...DEFAULT_POLICY.backfill, defaultTimeLimitMs: 3_600_000 },
      promoteAfterMs: 0,
      preemption: { by: 'class', minRunMs: 90_000 },
      classes: [{ name: 'only', priority: 0, preempts: false, preemptible: false }],
      defaultClass: 'only',
      lasThresholdsDeviceSeconds: [3_600, 36_000],
    });
    expect(JSON.stringify(policy)).not.toContain('@');
    expect(issuesOf(Policy, policy)).toEqual([]);
  });

  it('asks for each name once', async () => {
    const asked: string[] = [];
    const counting: Directory = { ...directory, findUser: (by, ref) => (asked.push(ref), directory.findUser(by, ref)) };
    const quotas = [
      { user: ADA, hardGpus: 1 },
      { user: ADA, runningJobs: 1 },
    ];
    await normalisePolicy({ quotas, fairShare: { users: { [ADA]: 1 } } }, caller, counting);
    expect(asked).toEqual([ADA]);
  });

  it.each<[string, PolicyDocument, string]>([
    ['a duration that is none', { promoteAfter: 'soon' }, '/promoteAfter'],
    ['a half-life of no time', { fairShare: { halfLife: '59s' } }, '/fairShare/halfLife'],
    ['a time limit of no time', { backfill: { defaultTimeLimit: 0 } }, '/backfill/defaultTimeLimit'],
    ['a minimum run of centuries', { preemption: { minRun: '99999999d' } }, '/preemption/minRun'],
    ['a threshold of nothing', { lasThresholds: ['1h', 0] }, '/lasThresholds/1'],
    [
      'an unknown user with a share',
      { fairShare: { users: { 'eve/~@example.com': 1 } } },
      '/fairShare/users/eve~1~0@example.com',
    ],
    ['an unknown group with a share', { fairShare: { groups: { nobody: 1 } } }, '/fairShare/groups/nobody'],
    [
      'one user with two shares',
      { fairShare: { users: { 'ada@example.com': 1, [ADA]: 2 } } },
      `/fairShare/users/${ADA}`,
    ],
    ['an unknown user with a quota', { quotas: [{ user: 'eve@example.com', hardGpus: 1 }] }, '/quotas/0/user'],
    ['an unknown group with a quota', { quotas: [{ group: 'nobody', hardGpus: 1 }] }, '/quotas/0/group'],
    ['output kept for no time', { retention: { output: { keepFor: '10ms' } } }, '/retention/output/keepFor'],
    ['output of a size that is none', { retention: { output: { keepBytes: 'much' } } }, '/retention/output/keepBytes'],
    [
      'metrics of a size that is none',
      { retention: { metrics: { keepBytes: '5 of' } } },
      '/retention/metrics/keepBytes',
    ],
    [
      'a rule for an unknown group',
      { retention: { groups: { nobody: { metrics: { keepFor: '1d' } } } } },
      '/retention/groups/nobody',
    ],
    [
      'an age that is none, of a group',
      { retention: { groups: { vision: { metrics: { keepFor: 'long' } } } } },
      '/retention/groups/vision/metrics/keepFor',
    ],
    ['a quota of nobody', { quotas: [{ hardGpus: 1 }] }, '/quotas/0'],
    ['a quota of two', { quotas: [{ user: ADA, each: 'user', hardGpus: 1 }] }, '/quotas/0'],
  ])('with %s is refused, and where that is', async (_what, document, pointer) => {
    expect(await faultsOf(document)).toEqual([pointer]);
  });

  it('is refused with all of its faults at once', async () => {
    const document = { promoteAfter: 'soon', quotas: [{ group: 'nobody' }], fairShare: { users: { eve: 1 } } };
    expect((await faultsOf(document)).toSorted()).toEqual(['/fairShare/users/eve', '/promoteAfter', '/quotas/0/group']);
  });

  it('is not refused, but fails, when nobody tells what names mean', async () => {
    const unavailable = new PlatformError('unavailable', 'The user service is away.');
    const away: Directory = { ...directory, findGroup: async () => Promise.reject(unavailable) };
    await expect(normalisePolicy({ quotas: [{ group: 'vision' }] }, caller, away)).rejects.toBe(unavailable);
  });
});

describe('a policy written out', () => {
  it('is the same policy when it is read again', async () => {
    const ms = integer({ min: 60_000, max: 10 ** 12 });
    const shares = (id: string) => dictionary(constantFrom(id), integer({ min: 1, max: 9 }));
    const policies = record({
      halfLifeMs: ms,
      limitMs: ms,
      minRunMs: ms,
      promoteAfterMs: ms,
      users: shares(ADA),
      groups: shares(VISION),
      keepBytes: integer({ min: 0, max: 2 ** 50 }),
    });
    const documents: PolicyDocument[] = [];
    const originals: Policy[] = [];
    assert(
      property(policies, ({ halfLifeMs, limitMs, minRunMs, promoteAfterMs, users, groups, keepBytes }) => {
        const policy: Policy = {
          ...DEFAULT_POLICY,
          fairShare: { halfLifeMs, users, groups },
          quotas: [
            { of: { userId: ADA }, queuedJobs: 3 },
            { of: { each: 'group' }, hardGpus: 1 },
          ],
          backfill: { ...DEFAULT_POLICY.backfill, defaultTimeLimitMs: limitMs },
          preemption: { by: 'order', minRunMs },
          promoteAfterMs,
          retention: {
            output: { keepBytes },
            groups: { [VISION]: { output: { keepForMs: limitMs }, metrics: { keepForMs: minRunMs, keepBytes } } },
          },
        };
        originals.push(policy);
        documents.push(policyDocument(policy));
        expect(fits(PolicyDocument, policyDocument(policy))).toBe(true);
      }),
    );
    expect(await Promise.all(documents.map(normalise))).toEqual(originals);
  });
});

describe('what another policy changes', () => {
  it('names classes and owners of quotas, and says what is there no more', async () => {
    const before = await normalise({ quotas: [{ group: 'vision', hardGpus: 4, runningJobs: 2 }] });
    const after = await normalise({
      order: 'fifo',
      classes: [{ name: 'normal', priority: 5, preemptible: true }],
      quotas: [
        { each: 'user', hardGpus: 1 },
        { group: 'vision', hardGpus: 3 },
      ],
    });
    expect(policyChanges(before, after)).toEqual([
      { what: 'order', before: 'fair-share', after: 'fifo' },
      { what: 'classes / urgent', before: expect.any(Object) as object, after: null },
      { what: 'classes / normal / priority', before: 0, after: 5 },
      { what: 'classes / scavenger', before: expect.any(Object) as object, after: null },
      { what: `quotas / group ${VISION} / hardGpus`, before: 4, after: 3 },
      { what: `quotas / group ${VISION} / runningJobs`, before: 2, after: null },
      { what: 'quotas / each user', before: null, after: { hardGpus: 1 } },
    ]);
    expect(policyChanges(after, after)).toEqual([]);
  });
});
