// What a policy may well not mean, though it does not contradict itself.
import type { Issue, Policy } from '@baton/contracts';

/** `gpus`: how many the nodes have. Pointers are into the document that people write. */
export function policyWarnings(policy: Policy, gpus: number): Issue[] {
  return [...guaranteeWarnings(policy, gpus), ...preemptionWarnings(policy), ...orderWarnings(policy)];
}

/** Users and groups each for themselves: what a user has may be part of the group's. */
function guaranteeWarnings({ quotas }: Policy, gpus: number): Issue[] {
  return (['userId', 'groupId'] as const).flatMap((member) => {
    const guaranteed = quotas
      .filter(({ of: owner }) => member in owner)
      .reduce((sum, { guaranteedGpus = 0 }) => sum + guaranteedGpus, 0);
    if (guaranteed <= gpus) return [];
    const people = member === 'userId' ? 'users' : 'groups';
    const detail = `guarantee ${people} ${guaranteed} GPUs together, and the nodes have ${gpus}: not all can have theirs at once`;
    return [{ pointer: '/quotas', detail }];
  });
}

function preemptionWarnings({ classes, preemption }: Policy): Issue[] {
  if (preemption.by === 'order') {
    if (classes.some(({ preemptible }) => preemptible)) return [];
    return [{ pointer: '/preemption/by', detail: 'is "order", but no class is preemptible: no job is ever stopped' }];
  }
  return classes.flatMap(({ name, preempts, priority }, index) => {
    const hasPrey = classes.some((other) => other.preemptible && other.priority < priority);
    if (!preempts || hasPrey) return [];
    const detail = `has no effect: no class below "${name}" is preemptible`;
    return [{ pointer: `/classes/${index}/preempts`, detail }];
  });
}

function orderWarnings({ order, lasThresholdsDeviceSeconds }: Policy): Issue[] {
  if (order !== 'las' || lasThresholdsDeviceSeconds.length > 0) return [];
  return [{ pointer: '/lasThresholds', detail: 'are none: with one queue alone, `las` is first come, first served' }];
}
