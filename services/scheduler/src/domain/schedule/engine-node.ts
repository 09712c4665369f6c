// A node as the engine knows it, from what the log says of it.
import type { NodeState } from '../node.ts';
import type { EngineNode } from './engine-model.ts';

interface LoggedNode {
  readonly id: string;
  readonly state: Extract<NodeState, { phase: 'known' }>;
}

export function engineNode({ id, state }: LoggedNode, refuses: EngineNode['refuses']): EngineNode {
  const { description, jobsPerDevice } = state;
  return { id, description, refuses, ...(jobsPerDevice === undefined ? {} : { jobsPerDevice }) };
}
