// What may be asked of a node, and which events follow.
import type { NodeDescription, NodeEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { admissionOf, evolveNode, initialNode, type NodeState } from './node.ts';

export type NodeCommand =
  | {
      readonly type: 'Add';
      readonly name: string | null;
      readonly secretHash: string;
      readonly expiresAt: number;
      readonly by: string;
    }
  /** The token's secret has been checked. */
  | { readonly type: 'Join'; readonly publicKey: string; readonly tokenHash: string; readonly now: number }
  | { readonly type: 'Hear'; readonly description: NodeDescription }
  | { readonly type: 'MissHeartbeat'; readonly lastSeenAt: number }
  | { readonly type: 'ResumeWatch'; readonly unwatchedSince: number }
  | { readonly type: 'Cordon'; readonly reason: string; readonly by: string }
  | { readonly type: 'Uncordon'; readonly by: string }
  | { readonly type: 'Share'; readonly jobsPerDevice: number; readonly by: string }
  | {
      readonly type: 'Remove';
      readonly reason: string;
      readonly by: string;
      readonly force: boolean;
      /** How many attempts it has, and whether its agent is heard just now. */
      readonly attempts: number;
      readonly heard: boolean;
    };

type CommandOf<T extends NodeCommand['type']> = Extract<NodeCommand, { type: T }>;

export const nodeDecider: Decider<NodeCommand, NodeState, NodeEvent> = {
  initialState: initialNode,
  evolve: evolveNode,
  decide(command, state) {
    switch (command.type) {
      case 'Add':
        return decideAdd(command, state);
      case 'Join':
        return decideJoin(command, state);
      case 'Hear':
        return decideHear(command.description, state);
      case 'MissHeartbeat':
        if (state.phase !== 'known' || !state.reachable) return [];
        return [event('NodeUnreachable', { lastSeenAt: command.lastSeenAt })];
      case 'ResumeWatch':
        if (state.phase !== 'known') return [];
        return [event('NodeWatchResumed', { unwatchedSince: command.unwatchedSince })];
      case 'Cordon':
        return decideCordon(command, state);
      case 'Uncordon':
        if (state.phase !== 'known' || state.cordoned === null) return [];
        return [event('NodeUncordoned', { by: command.by })];
      case 'Share':
        return decideShare(command, state);
      case 'Remove':
        return decideRemove(command, state);
      default:
        return command satisfies never;
    }
  },
};

function event<T extends NodeEvent['type']>(type: T, data: Extract<NodeEvent, { type: T }>['data']): NodeEvent {
  return { type, v: 1, data } as NodeEvent;
}

function decideAdd({ type: _type, ...terms }: CommandOf<'Add'>, state: NodeState): NodeEvent[] {
  if (state.phase !== 'none') throw new PlatformError('conflict', 'This node has been added before.');
  return [event('NodeAdded', terms)];
}

/** An agent whose answer was lost asks again with what it has made, and is told the same; nobody else gets in. */
function decideJoin({ publicKey, tokenHash, now }: CommandOf<'Join'>, state: NodeState): NodeEvent[] {
  if (state.phase === 'invited') {
    if (now >= state.expiresAt) throw badJoinToken();
    return [event('NodeJoined', { publicKey, tokenHash })];
  }
  const admission = admissionOf(state);
  if (admission?.publicKey === publicKey && admission.tokenHash === tokenHash) return [];
  throw badJoinToken();
}

/** One answer for a token that is unknown, wrong, expired, used or revoked. */
export function badJoinToken(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'The join token is not valid: it is unknown, expired, used or revoked. Ask an admin for another: baton node add.',
  );
}

function decideHear(description: NodeDescription, state: NodeState): NodeEvent[] {
  switch (state.phase) {
    case 'removed':
    case 'invited':
      throw new PlatformError('forbidden', 'This node was removed. Add the server again: baton node add.');
    case 'none':
    case 'joined':
      return [event('NodeRegistered', description)];
    case 'known':
      if (!sameDescription(state.description, description)) return [event('NodeChanged', description)];
      return state.reachable ? [] : [event('NodeReachable', {})];
    default:
      return state satisfies never;
  }
}

function decideCordon({ reason, by }: CommandOf<'Cordon'>, state: NodeState): NodeEvent[] {
  if (state.phase !== 'known') throw new PlatformError('conflict', 'The node has not been heard from yet.');
  return state.cordoned?.reason === reason ? [] : [event('NodeCordoned', { reason, by })];
}

function decideShare({ jobsPerDevice, by }: CommandOf<'Share'>, state: NodeState): NodeEvent[] {
  if (state.phase !== 'known') throw new PlatformError('conflict', 'The node has not been heard from yet.');
  return (state.jobsPerDevice ?? 1) === jobsPerDevice ? [] : [event('NodeSharingChanged', { jobsPerDevice, by })];
}

function decideRemove(command: CommandOf<'Remove'>, state: NodeState): NodeEvent[] {
  const { reason, by, force, attempts, heard } = command;
  if (state.phase === 'none' || state.phase === 'removed')
    throw new PlatformError('not_found', 'There is no such node.');
  if (state.phase === 'known' && state.admission === null && heard) {
    const message =
      "Its agent's credentials are in its server's own configuration, where they can't be revoked. Stop that agent first; to keep jobs from it, cordon it.";
    throw new PlatformError('conflict', message);
  }
  if (attempts > 0 && !force) {
    const jobs = attempts === 1 ? '1 job is' : `${attempts} jobs are`;
    const message = `${jobs} on it. Drain it first; if the server is dead for good, remove it by force: its jobs are then queued again.`;
    throw new PlatformError('conflict', message);
  }
  return [event('NodeRemoved', { reason, by, forced: force })];
}

function sameDescription(one: NodeDescription, other: NodeDescription): boolean {
  return canonical(one) === canonical(other);
}

/** JSON with sorted members: the same description, whichever order it came in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
