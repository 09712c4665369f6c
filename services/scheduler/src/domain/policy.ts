// The scheduling policy in force: one aggregate, whose revisions are the policy's versions.
import { DEFAULT_POLICY, type Policy, type PolicyEvent } from '@baton/contracts';

export interface PolicyState {
  readonly policy: Policy;
}

export const initialPolicy: PolicyState = { policy: DEFAULT_POLICY };

export function evolvePolicy(_state: PolicyState, event: PolicyEvent): PolicyState {
  switch (event.type) {
    case 'PolicyChanged':
      return { policy: event.data.policy };
    default:
      return event.type satisfies never;
  }
}
