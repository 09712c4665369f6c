// What may be done to an endpoint, and when.
import { canRead, canWrite, type EndpointEvent, type Owned, type Principal } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { type EndpointDetails, type EndpointState, evolve, isSameTarget, noEndpoint, type Target } from './endpoint.ts';

export type EndpointCommand =
  | ({ readonly type: 'CreateEndpoint' } & EndpointDetails)
  | { readonly type: 'RetargetEndpoint'; readonly by: Principal; readonly target: Target }
  | { readonly type: 'HandOverEndpoint'; readonly by: Principal; readonly ownerId: string }
  | { readonly type: 'DeleteEndpoint'; readonly by: Principal };

export const endpointDecider: Decider<EndpointCommand, EndpointState, EndpointEvent> = {
  initialState: noEndpoint,
  decide,
  evolve,
};

function decide(command: EndpointCommand, state: EndpointState): readonly EndpointEvent[] {
  switch (command.type) {
    case 'CreateEndpoint': {
      if (state.status !== 'absent') throw new PlatformError('conflict', 'The endpoint is there already.');
      const { type: _, ...details } = command;
      return [{ type: 'EndpointCreated', v: 1, data: details }];
    }
    case 'RetargetEndpoint':
      if (isSameTarget(requireChangeable(state, command.by).target, command.target)) return [];
      return [{ type: 'EndpointRetargeted', v: 1, data: { target: command.target } }];
    case 'HandOverEndpoint':
      if (requireHandOver(state, command.by).ownerId === command.ownerId) return [];
      return [{ type: 'EndpointHandedOver', v: 1, data: { ownerId: command.ownerId } }];
    case 'DeleteEndpoint':
      requireChangeable(state, command.by);
      return [{ type: 'EndpointDeleted', v: 1, data: {} }];
    default:
      return command satisfies never;
  }
}

/** The endpoint that `by` may change; what they may not even see is not there for them. */
export function requireChangeable(state: EndpointState, by: Principal): EndpointDetails {
  if (state.status !== 'active' || !canRead(by, state)) throw endpointNotFound();
  requireWrite(by, state);
  return state;
}

function requireHandOver(state: EndpointState, by: Principal): EndpointDetails {
  const details = requireChangeable(state, by);
  if (by.role === 'admin') return details;
  throw new PlatformError('forbidden', 'Only admins hand an endpoint to somebody else.');
}

export function endpointNotFound(): PlatformError {
  return new PlatformError('not_found', 'There is no such endpoint, or you may not see it.');
}

/** Also for what changes only this process: loading and unloading. */
export function requireWrite(by: Principal, thing: Owned): void {
  if (!canWrite(by, thing)) throw new PlatformError('forbidden', 'Only its owner or an admin may change an endpoint.');
}
