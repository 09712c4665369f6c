// The read model of nodes.
import type { NodeDescription, NodeEvent } from '@baton/contracts';
import type { Projection, Revised } from '@baton/service-host';

export interface NodeDocument extends NodeDescription, Revised {
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const nodeProjection: Projection<NodeDocument> = {
  name: 'nodes',
  version: 1,
  indexes: [['createdAt'], ['name']],
  stream: 'EVENTS',
  aggregates: ['node'],
  apply(document, commit) {
    let current = document;
    for (const event of commit.events as NodeEvent[]) {
      if (event.type !== 'NodeRegistered' && event.type !== 'NodeChanged') continue;
      const createdAt = current?.createdAt ?? commit.at;
      current = { id: commit.ref.id, createdAt, updatedAt: commit.at, revision: commit.revision, ...event.data };
    }
    return current && { ...current, revision: commit.revision, updatedAt: commit.at };
  },
};
