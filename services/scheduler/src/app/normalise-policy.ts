// A policy as people write it, turned into what the log keeps: names resolved, units normalised, defaults filled in.
import {
  DEFAULT_POLICY,
  type Policy,
  type PolicyDocument,
  type PriorityClass,
  type Quota,
  type QuotaDocument,
  type Retention,
  type RetentionDocument,
} from '@baton/contracts';
import { type Directory, type Kind, type Lookup, lookUp } from './directory.ts';
import { PolicyFaults, pointerTo } from './policy-faults.ts';
import type { Caller } from './ports.ts';

type ClassDocument = NonNullable<PolicyDocument['classes']>[number];

/** Throws `invalid_input` with a pointer for each fault. Whether the policy contradicts itself is for the policy to say. */
export async function normalisePolicy(document: PolicyDocument, caller: Caller, directory: Directory): Promise<Policy> {
  const faults = new PolicyFaults();
  const find = await lookUp(directory, caller, namesIn(document));
  const policy = policyOf(document, find, faults);
  faults.check();
  return policy;
}

function namesIn({ fairShare = {}, quotas = [], retention = {} }: PolicyDocument): [Kind, string][] {
  return [
    ...Object.keys(retention.groups ?? {}).map((ref): [Kind, string] => ['group', ref]),
    ...Object.keys(fairShare.users ?? {}).map((ref): [Kind, string] => ['user', ref]),
    ...Object.keys(fairShare.groups ?? {}).map((ref): [Kind, string] => ['group', ref]),
    ...quotas.flatMap(({ user }): [Kind, string][] => (user === undefined ? [] : [['user', user]])),
    ...quotas.flatMap(({ group }): [Kind, string][] => (group === undefined ? [] : [['group', group]])),
  ];
}

function policyOf(document: PolicyDocument, find: Lookup, faults: PolicyFaults): Policy {
  const { order, classes, defaultClass, placement } = DEFAULT_POLICY;
  return {
    order: document.order ?? order,
    classes: document.classes?.map(classOf) ?? classes,
    defaultClass: document.defaultClass ?? defaultClass,
    fairShare: fairShareOf(document, find, faults),
    quotas: (document.quotas ?? []).flatMap((quota, index) => quotaOf(quota, index, find, faults)),
    ...timesOf(document, faults),
    placement: document.placement ?? placement,
    lasThresholdsDeviceSeconds: thresholdsOf(document, faults),
    ...(document.retention === undefined ? {} : { retention: retentionOf(document.retention, find, faults) }),
  };
}

function classOf({ name, priority, preempts = false, preemptible = false }: ClassDocument): PriorityClass {
  return { name, priority, preempts, preemptible };
}

function timesOf(
  { backfill = {}, preemption = {}, handOff = {}, promoteAfter }: PolicyDocument,
  faults: PolicyFaults,
): Pick<Policy, 'backfill' | 'preemption' | 'handOff' | 'promoteAfterMs'> {
  const { defaultTimeLimit, ...otherBackfill } = backfill;
  const { minRun, ...otherPreemption } = preemption;
  const absent = DEFAULT_POLICY;
  const defaultTimeLimitMs = faults.duration(defaultTimeLimit, '/backfill/defaultTimeLimit', {
    absent: absent.backfill.defaultTimeLimitMs,
    leastMs: 1_000,
  });
  const minRunMs = faults.duration(minRun, '/preemption/minRun', { absent: absent.preemption.minRunMs });
  return {
    handOff: { ...absent.handOff, ...handOff },
    backfill: { ...absent.backfill, ...otherBackfill, defaultTimeLimitMs },
    preemption: { ...absent.preemption, ...otherPreemption, minRunMs },
    promoteAfterMs: faults.duration(promoteAfter, '/promoteAfter', { absent: absent.promoteAfterMs }),
  };
}

function fairShareOf({ fairShare = {} }: PolicyDocument, find: Lookup, faults: PolicyFaults): Policy['fairShare'] {
  const absent = DEFAULT_POLICY.fairShare.halfLifeMs;
  return {
    halfLifeMs: faults.duration(fairShare.halfLife, '/fairShare/halfLife', { absent, leastMs: 60_000 }),
    groups: sharesOf('group', fairShare.groups ?? {}, find, faults),
    users: sharesOf('user', fairShare.users ?? {}, find, faults),
  };
}

function sharesOf(
  kind: Kind,
  shares: Readonly<Record<string, number>>,
  find: Lookup,
  faults: PolicyFaults,
): Record<string, number> {
  const found = new Map<string, number>();
  for (const [ref, share] of Object.entries(shares)) {
    const pointer = pointerTo('fairShare', `${kind}s`, ref);
    const id = find(kind, ref);
    if (id === null) faults.add(pointer, unknown(kind));
    else if (found.has(id)) faults.add(pointer, `is the same ${kind} as another one here: give one share`);
    else found.set(id, share);
  }
  return Object.fromEntries(found);
}

function quotaOf(
  { user, group, each, ...limits }: QuotaDocument,
  index: number,
  find: Lookup,
  faults: PolicyFaults,
): Quota[] {
  const said = [user, group, each].filter((owner) => owner !== undefined);
  if (said.length !== 1) {
    faults.add(pointerTo('quotas', index), 'must say whose it is, by one of `user`, `group` and `each`');
    return [];
  }
  if (each !== undefined) return [{ of: { each }, ...limits }];
  const kind = user === undefined ? 'group' : 'user';
  const id = find(kind, user ?? group ?? '');
  if (id === null) {
    faults.add(pointerTo('quotas', index, kind), unknown(kind));
    return [];
  }
  return [{ of: kind === 'user' ? { userId: id } : { groupId: id }, ...limits }];
}

/** The name itself is in the pointer or in the file: an address is not said again. */
function unknown(kind: Kind): string {
  return `names no ${kind}: \`baton ${kind} list\` shows them`;
}

function thresholdsOf({ lasThresholds }: PolicyDocument, faults: PolicyFaults): number[] {
  if (lasThresholds === undefined) return DEFAULT_POLICY.lasThresholdsDeviceSeconds;
  return lasThresholds.map((threshold, index) => {
    const pointer = pointerTo('lasThresholds', index);
    return faults.duration(threshold, pointer, { absent: index, leastMs: 1 }) / 1_000;
  });
}

type RuleDocument = Pick<RetentionDocument, 'output' | 'metrics'>;
type KeptDocument = NonNullable<RuleDocument['output']>;

function retentionOf({ groups = {}, ...rules }: RetentionDocument, find: Lookup, faults: PolicyFaults): Retention {
  const found = new Map<string, Pick<Retention, 'output' | 'metrics'>>();
  for (const [ref, own] of Object.entries(groups)) {
    const pointer = pointerTo('retention', 'groups', ref);
    const id = find('group', ref);
    if (id === null) faults.add(pointer, unknown('group'));
    else if (found.has(id)) faults.add(pointer, 'is the same group as another one here: give one rule');
    else found.set(id, rulesOf(own, pointer, faults));
  }
  const named = Object.fromEntries(found);
  return { ...rulesOf(rules, '/retention', faults), ...(found.size === 0 ? {} : { groups: named }) };
}

function rulesOf({ output, metrics }: RuleDocument, pointer: string, faults: PolicyFaults) {
  const kept = ({ keepFor, keepBytes }: KeptDocument, at: string) => ({
    ...(keepFor === undefined
      ? {}
      : { keepForMs: faults.duration(keepFor, `${at}/keepFor`, { absent: 1_000, leastMs: 1_000 }) }),
    ...(keepBytes === undefined ? {} : { keepBytes: faults.size(keepBytes, `${at}/keepBytes`) }),
  });
  return {
    ...(output === undefined ? {} : { output: kept(output, `${pointer}/output`) }),
    ...(metrics === undefined ? {} : { metrics: kept(metrics, `${pointer}/metrics`) }),
  };
}
