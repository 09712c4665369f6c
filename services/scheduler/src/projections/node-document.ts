// The read model of nodes.
import type { NodeDescription, NodeEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection, Revised } from '@baton/service-host';

export interface NodeDocument extends NodeDescription, Revised {
  readonly phase: 'invited' | 'joining' | 'known';
  readonly invitation: { readonly by: string; readonly expiresAt: number } | null;
  readonly cordon: { readonly reason: string; readonly by: string; readonly at: number } | null;
  /** Absent: no jobs share its devices. */
  readonly jobsPerDevice?: number;
  /** As of the last event; the scheduler itself knows better. */
  readonly lastSeenAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const nodeProjection: Projection<NodeDocument> = {
  name: 'nodes',
  version: 2,
  indexes: [['createdAt'], ['name']],
  stream: 'EVENTS',
  aggregates: ['node'],
  apply(document, commit) {
    const events = commit.events as NodeEvent[];
    const folded = events.reduce((current, event) => evolve(current, event, commit), document);
    return folded && { ...folded, revision: commit.revision, updatedAt: commit.at };
  },
};

function evolve(document: NodeDocument | null, event: NodeEvent, { ref, at }: RecordedCommit): NodeDocument | null {
  switch (event.type) {
    case 'NodeAdded': {
      const { by, expiresAt, name } = event.data;
      return { ...empty(ref.id, at), ...(name === null ? {} : { name }), invitation: { by, expiresAt } };
    }
    case 'NodeJoined':
      return document && { ...document, phase: 'joining', invitation: null };
    case 'NodeRegistered':
    case 'NodeChanged': {
      const { diskBytes: _disk, runtimes: _runtimes, address: _address, ...kept } = document ?? empty(ref.id, at);
      return { ...kept, ...event.data, phase: 'known', lastSeenAt: at };
    }
    case 'NodeReachable':
      return document && { ...document, lastSeenAt: at };
    case 'NodeUnreachable':
      return document && { ...document, lastSeenAt: event.data.lastSeenAt };
    case 'NodeCordoned':
      return document && { ...document, cordon: { ...event.data, at } };
    case 'NodeUncordoned':
      return document && { ...document, cordon: null };
    case 'NodeSharingChanged':
      return document && sharing(document, event.data.jobsPerDevice);
    case 'NodeRemoved':
      return null;
    case 'NodeWatchResumed':
      return document;
    default:
      return event satisfies never;
  }
}

function sharing({ jobsPerDevice: _before, ...document }: NodeDocument, jobsPerDevice: number): NodeDocument {
  return jobsPerDevice > 1 ? { ...document, jobsPerDevice } : document;
}

const SHORT_ID = { start: 'nod_'.length, end: 'nod_'.length + 6 } as const;

function empty(id: string, at: number): NodeDocument {
  return {
    id,
    // Until its agent says how it is called.
    name: `node-${id.slice(SHORT_ID.start, SHORT_ID.end)}`,
    phase: 'invited',
    devices: [],
    cpus: 0,
    memoryBytes: 0,
    labels: {},
    agentVersion: '',
    invitation: null,
    cordon: null,
    lastSeenAt: null,
    createdAt: at,
    updatedAt: at,
    revision: 0,
  };
}
