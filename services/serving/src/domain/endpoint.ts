// The endpoint: events, state, evolve.
import type { EndpointEvent, EndpointView, Owned } from '@baton/contracts';

export type Target = EndpointView['target'];

export interface EndpointDetails extends Owned {
  readonly name: string;
  readonly target: Target;
}

export type EndpointState =
  | { readonly status: 'absent' }
  | ({ readonly status: 'active' } & EndpointDetails)
  | ({ readonly status: 'deleted' } & EndpointDetails);

export const noEndpoint: EndpointState = { status: 'absent' };

export function evolve(state: EndpointState, event: EndpointEvent): EndpointState {
  switch (event.type) {
    case 'EndpointCreated':
      return { status: 'active', ...event.data };
    case 'EndpointRetargeted':
      return state.status === 'active' ? { ...state, target: event.data.target } : state;
    case 'EndpointHandedOver':
      return state.status === 'active' ? { ...state, ownerId: event.data.ownerId } : state;
    case 'EndpointDeleted':
      return state.status === 'active' ? { ...state, status: 'deleted' } : state;
    default:
      return event satisfies never;
  }
}

/** Targets are the same if version and content are. */
export function isSameTarget(left: Target, right: Target): boolean {
  return left.modelId === right.modelId && left.version === right.version && left.digest === right.digest;
}
