// A node as people see it: the read model, with what only the present scheduler knows.
import type { NodeStateName, NodeView } from '@baton/contracts';
import type { NodeDocument } from '../projections/node-document.ts';

export interface NodePresence {
  readonly heard: boolean;
  readonly lastSeenAt: number | null;
  /** Device id -> the job that holds it. */
  readonly held: ReadonlyMap<string, string>;
  readonly attempts: number;
}

export function nodeView({ phase, ...document }: NodeDocument, presence: NodePresence): NodeView {
  const { heard, held } = presence;
  return {
    ...document,
    state: stateOf(phase, document.cordon !== null, presence),
    devices: document.devices.map((device) => ({ ...device, jobId: held.get(device.id) ?? null })),
    reachable: heard,
    lastSeenAt: presence.lastSeenAt ?? document.lastSeenAt,
  };
}

function stateOf(phase: NodeDocument['phase'], cordoned: boolean, { heard, attempts }: NodePresence): NodeStateName {
  if (phase !== 'known') return phase;
  if (!heard) return 'unreachable';
  if (!cordoned) return 'ready';
  return attempts > 0 ? 'draining' : 'cordoned';
}

/** As the log has it: which job held which device is told by the jobs of that time. */
export function pastNodeView(document: NodeDocument): NodeView {
  const { lastSeenAt } = document;
  return nodeView(document, { heard: document.phase === 'known', lastSeenAt, held: new Map(), attempts: 0 });
}
