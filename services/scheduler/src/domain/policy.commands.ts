// What may be asked of the policy: to be replaced by another one that does not contradict itself.
import type { Policy, PolicyEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { contradictions, quotaOwner } from './policy-contradictions.ts';
import { evolvePolicy, initialPolicy, type PolicyState } from './policy.ts';

export interface PolicyCommand {
  readonly type: 'Change';
  readonly policy: Policy;
  readonly comment?: string;
}

export const policyDecider: Decider<PolicyCommand, PolicyState, PolicyEvent> = {
  initialState: initialPolicy,
  evolve: evolvePolicy,
  decide({ policy, comment }, state) {
    refuseContradictions(policy);
    if (canonical(policy) === canonical(state.policy)) return [];
    return [{ type: 'PolicyChanged', v: 1, data: { policy, ...(comment === undefined ? {} : { comment }) } }];
  },
};

export function refuseContradictions(policy: Policy): void {
  const issues = contradictions(policy);
  const [first] = issues;
  if (first === undefined) return;
  throw new PlatformError('invalid_input', `The policy is not valid: ${first.pointer} ${first.detail}.`, { issues });
}

/** The same policy, whichever order its members, classes and quotas came in. */
function canonical({ classes, quotas, ...rest }: Policy): string {
  const sorted = {
    ...rest,
    classes: Object.fromEntries(classes.map((each) => [each.name, each])),
    quotas: Object.fromEntries(quotas.map((quota) => [quotaOwner(quota), quota])),
  };
  return JSON.stringify(sorted, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
