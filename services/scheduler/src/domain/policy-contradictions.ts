// Where a policy contradicts itself. Pointers are into the document that people write, which has the same places.
import type { Issue, Policy, Quota } from '@baton/contracts';

export function contradictions(policy: Policy): Issue[] {
  return [...classFaults(policy), ...quotaFaults(policy), ...thresholdFaults(policy)];
}

function classFaults({ classes, defaultClass }: Policy): Issue[] {
  const names = classes.map(({ name }) => name);
  const found = repeats(names).map(({ index, first, key }) => ({
    pointer: `/classes/${index}/name`,
    detail: `is "${key}", as the name of /classes/${first} is: give each class a name of its own`,
  }));
  if (names.includes(defaultClass)) return found;
  return [
    ...found,
    { pointer: '/defaultClass', detail: `is "${defaultClass}", which is none of: ${names.join(', ')}` },
  ];
}

function quotaFaults({ quotas }: Policy): Issue[] {
  const found = repeats(quotas.map((quota) => quotaOwner(quota))).map(({ index, first }) => ({
    pointer: `/quotas/${index}`,
    detail: `is for the same as /quotas/${first}: put all limits into one of them`,
  }));
  for (const [index, quota] of quotas.entries()) {
    const { of: _of, hardGpus, guaranteedGpus, ...others } = quota;
    if (hardGpus !== undefined && guaranteedGpus !== undefined && hardGpus < guaranteedGpus) {
      const detail = `is ${hardGpus}, less than the ${guaranteedGpus} that are guaranteed`;
      found.push({ pointer: `/quotas/${index}/hardGpus`, detail });
    }
    if (hardGpus === undefined && guaranteedGpus === undefined && Object.keys(others).length === 0) {
      found.push({ pointer: `/quotas/${index}`, detail: 'limits nothing: give hardGpus, or another of the limits' });
    }
  }
  return found;
}

function thresholdFaults({ lasThresholdsDeviceSeconds: thresholds }: Policy): Issue[] {
  const index = thresholds.findIndex((value, at) => at > 0 && value <= (thresholds[at - 1] ?? 0));
  if (index < 0) return [];
  return [
    { pointer: `/lasThresholds/${index}`, detail: 'is not above the one before it: list them in ascending order' },
  ];
}

/** One text for each user, each group, and each kind of "everybody else". */
export function quotaOwner({ of: owner }: Pick<Quota, 'of'>): string {
  if ('userId' in owner) return `user ${owner.userId}`;
  if ('groupId' in owner) return `group ${owner.groupId}`;
  return `each ${owner.each}`;
}

interface Repeat {
  readonly key: string;
  readonly index: number;
  readonly first: number;
}

function repeats(keys: readonly string[]): Repeat[] {
  const firsts = new Map<string, number>();
  return keys.flatMap((key, index) => {
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    return first === undefined ? [] : [{ key, index, first }];
  });
}
