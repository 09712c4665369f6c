// A policy as the log has it, written as people write it: with every member, durations as text, and ids in place of names.
import {
  durationText,
  type KeptContent,
  type Policy,
  type PolicyDocument,
  type Quota,
  type QuotaDocument,
  type Retention,
  type RetentionDocument,
  sizeText,
} from '@baton/contracts';

export function policyDocument(policy: Policy): PolicyDocument {
  const { fairShare, backfill, preemption, quotas, handOff } = policy;
  const { defaultTimeLimitMs, ...otherBackfill } = backfill;
  const { minRunMs, ...otherPreemption } = preemption;
  return {
    order: policy.order,
    classes: policy.classes,
    defaultClass: policy.defaultClass,
    fairShare: {
      halfLife: durationText(fairShare.halfLifeMs),
      groups: fairShare.groups,
      users: fairShare.users,
    },
    quotas: quotas.map(quotaDocument),
    backfill: { ...otherBackfill, defaultTimeLimit: durationText(defaultTimeLimitMs) },
    promoteAfter: durationText(policy.promoteAfterMs),
    placement: policy.placement,
    preemption: { ...otherPreemption, minRun: durationText(minRunMs) },
    handOff,
    lasThresholds: policy.lasThresholdsDeviceSeconds.map((seconds) => durationText(seconds * 1_000)),
    ...(policy.retention === undefined ? {} : { retention: retentionDocument(policy.retention) }),
  };
}

function retentionDocument({ groups, ...rules }: Retention): RetentionDocument {
  const own = Object.entries(groups ?? {}).map(([id, each]) => [id, rulesDocument(each)] as const);
  return { ...rulesDocument(rules), ...(groups === undefined ? {} : { groups: Object.fromEntries(own) }) };
}

function rulesDocument({ output, metrics }: Pick<Retention, 'output' | 'metrics'>) {
  const kept = ({ keepForMs, keepBytes }: KeptContent) => ({
    ...(keepForMs === undefined ? {} : { keepFor: durationText(keepForMs) }),
    ...(keepBytes === undefined ? {} : { keepBytes: sizeText(keepBytes) }),
  });
  return {
    ...(output === undefined ? {} : { output: kept(output) }),
    ...(metrics === undefined ? {} : { metrics: kept(metrics) }),
  };
}

function quotaDocument({ of: owner, ...limits }: Quota): QuotaDocument {
  if ('userId' in owner) return { user: owner.userId, ...limits };
  if ('groupId' in owner) return { group: owner.groupId, ...limits };
  return { each: owner.each, ...limits };
}
