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
  /** Who looks at it; what they may not read is not named. */
  readonly mayRead: (jobId: string) => boolean;
}

export function nodeView({ phase, ...document }: NodeDocument, presence: NodePresence): NodeView {
  return {
    ...document,
    state: stateOf(phase, document.cordon !== null, presence),
    devices: document.devices.map((device) => ({ ...device, ...holdersOf(device.id, presence) })),
    reachable: presence.heard,
    lastSeenAt: presence.lastSeenAt ?? document.lastSeenAt,
  };
}

type Holders = Pick<NodeView['devices'][number], 'held' | 'jobId' | 'sharedBy'>;

function holdersOf(device: string, { held, sharers, mayRead }: NodePresence): Holders {
  const holder = held.get(device);
  const sharing = sharers.get(device);
  const ids = [...(holder === undefined ? [] : [holder]), ...(sharing ?? []).map(({ jobId }) => jobId)];
  const named = (jobId: string) => (mayRead(jobId) ? jobId : null);
  const sharedBy = sharing?.map(({ jobId, twentieths }) => ({ jobId: named(jobId), part: partOf(twentieths) }));
  return {
    held: holder !== undefined,
    jobId: ids.find(mayRead) ?? null,
    ...(sharedBy === undefined ? {} : { sharedBy }),
  };
}

function stateOf(phase: NodeDocument['phase'], cordoned: boolean, { heard, attempts }: NodePresence): NodeStateName {
  if (phase !== 'known') return phase;
  if (!heard) return 'unreachable';
  if (!cordoned) return 'ready';
  return attempts > 0 ? 'draining' : 'cordoned';
}

const NOTHING_THERE = {
  held: new Map<never, never>(),
  sharers: new Map<never, never>(),
  attempts: 0,
  mayRead: () => false,
};

/** As the log has it: which job held which device is told by the jobs of that time. */
export function pastNodeView(document: NodeDocument): NodeView {
  const { lastSeenAt } = document;
  const heard = document.phase === 'known';
  return nodeView(document, { heard, lastSeenAt, ...NOTHING_THERE });
}
