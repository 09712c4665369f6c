// A node: how it came to be one, what its agent says it has, whether the agent is heard, and whether it takes jobs.
import type { NodeDescription, NodeEvent } from '@baton/contracts';

/** What checks the credentials of an agent that joined with a token; whoever has them is this node. */
export interface Admission {
  /** Of the one-time token, which only the same agent may show again. */
  readonly secretHash: string;
  readonly publicKey: string;
  readonly tokenHash: string;
}

export interface Cordon {
  readonly reason: string;
  readonly by: string;
}

export type NodeState =
  | { readonly phase: 'none' }
  | {
      readonly phase: 'invited';
      readonly name: string | null;
      readonly secretHash: string;
      readonly expiresAt: number;
    }
  | { readonly phase: 'joined'; readonly name: string | null; readonly admission: Admission }
  | {
      readonly phase: 'known';
      readonly description: NodeDescription;
      readonly reachable: boolean;
      readonly cordoned: Cordon | null;
      /** So many jobs that ask for parts may share one of its devices; absent: none do. */
      readonly jobsPerDevice?: number;
      /** Null: its agent's credentials are in its server's own configuration. */
      readonly admission: Admission | null;
    }
  | { readonly phase: 'removed' };

type KnownState = Extract<NodeState, { phase: 'known' }>;

export const initialNode: NodeState = { phase: 'none' };

export function evolveNode(state: NodeState, event: NodeEvent): NodeState {
  switch (event.type) {
    case 'NodeAdded': {
      const { name, secretHash, expiresAt } = event.data;
      return { phase: 'invited', name, secretHash, expiresAt };
    }
    case 'NodeJoined':
      if (state.phase !== 'invited') return state;
      return { phase: 'joined', name: state.name, admission: { secretHash: state.secretHash, ...event.data } };
    case 'NodeRegistered':
    case 'NodeChanged':
      return described(state, event.data);
    case 'NodeUnreachable':
      return state.phase === 'known' ? { ...state, reachable: false } : state;
    case 'NodeReachable':
      return state.phase === 'known' ? { ...state, reachable: true } : state;
    case 'NodeCordoned':
      return state.phase === 'known' ? { ...state, cordoned: event.data } : state;
    case 'NodeUncordoned':
      return state.phase === 'known' ? { ...state, cordoned: null } : state;
    case 'NodeSharingChanged':
      return state.phase === 'known' ? sharing(state, event.data.jobsPerDevice) : state;
    case 'NodeRemoved':
      return { phase: 'removed' };
    case 'NodeWatchResumed':
      return state;
    default:
      return event satisfies never;
  }
}

function described(state: NodeState, description: NodeDescription): NodeState {
  const cordoned = state.phase === 'known' ? state.cordoned : null;
  const known = { phase: 'known', description, reachable: true, cordoned, admission: admissionOf(state) } as const;
  return sharing(known, state.phase === 'known' ? state.jobsPerDevice : undefined);
}

function sharing({ jobsPerDevice: _before, ...known }: KnownState, jobsPerDevice = 1): KnownState {
  return jobsPerDevice > 1 ? { ...known, jobsPerDevice } : known;
}

export function admissionOf(state: NodeState): Admission | null {
  return state.phase === 'joined' || state.phase === 'known' ? state.admission : null;
}
