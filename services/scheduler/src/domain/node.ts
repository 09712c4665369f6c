// A node: what its agent says it has, and whether the agent is heard.
import { type NodeDescription, type NodeEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';

export type NodeState =
  | { readonly phase: 'none' }
  | { readonly phase: 'known'; readonly description: NodeDescription; readonly reachable: boolean };

export function evolveNode(state: NodeState, event: NodeEvent): NodeState {
  switch (event.type) {
    case 'NodeRegistered':
    case 'NodeChanged':
      return { phase: 'known', description: event.data, reachable: true };
    case 'NodeUnreachable':
      return state.phase === 'known' ? { ...state, reachable: false } : state;
    case 'NodeReachable':
      return state.phase === 'known' ? { ...state, reachable: true } : state;
    default:
      return event satisfies never;
  }
}

export type NodeCommand =
  | { readonly type: 'Hear'; readonly description: NodeDescription }
  | { readonly type: 'MissHeartbeat'; readonly lastSeenAt: number };

export const nodeDecider: Decider<NodeCommand, NodeState, NodeEvent> = {
  initialState: { phase: 'none' },
  evolve: evolveNode,
  decide(command, state) {
    switch (command.type) {
      case 'Hear':
        return decideHear(command.description, state);
      case 'MissHeartbeat':
        if (state.phase === 'none' || !state.reachable) return [];
        return [{ type: 'NodeUnreachable', v: 1, data: { lastSeenAt: command.lastSeenAt } }];
      default:
        return command satisfies never;
    }
  },
};

function decideHear(description: NodeDescription, state: NodeState): NodeEvent[] {
  if (state.phase === 'none') return [{ type: 'NodeRegistered', v: 1, data: description }];
  if (!sameDescription(state.description, description)) return [{ type: 'NodeChanged', v: 1, data: description }];
  return state.reachable ? [] : [{ type: 'NodeReachable', v: 1, data: {} }];
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
