// A node as people see it: the read model, with what only the present scheduler knows.
import { type NodeStateName, type NodeView, partOf } from '@baton/contracts';
import type { NodeDocument } from '../projections/node-document.ts';

export interface NodePresence {
  readonly heard: boolean;
  readonly lastSeenAt: number | null;
  /** Device id -> the job that holds it. */
  readonly held: ReadonlyMap<string, string>;
  /** Device id -> the jobs that have parts of it. */
  readonly sharers: ReadonlyMap<string, readonly { readonly jobId: string; readonly twentieths: number }[]>;
  readonly attempts: number;
}

export function nodeView({ phase, ...document }: NodeDocument, presence: NodePresence): NodeView {
  const { heard, held } = presence;
  return {
    ...document,
    state: stateOf(phase, document.cordon !== null, presence),
    devices: document.devices.map((device) => ({
      ...device,
      jobId: held.get(device.id) ?? null,
      ...sharedBy(presence, device.id),
    })),
    reachable: heard,
    lastSeenAt: presence.lastSeenAt ?? document.lastSeenAt,
  };
}

function sharedBy({ sharers }: NodePresence, device: string): Pick<NodeView['devices'][number], 'sharedBy'> {
  const found = sharers.get(device)?.map(({ jobId, twentieths }) => ({ jobId, part: partOf(twentieths) }));
  return found === undefined ? {} : { sharedBy: found };
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
  const heard = document.phase === 'known';
  return nodeView(document, { heard, lastSeenAt, held: new Map(), sharers: new Map(), attempts: 0 });
}
