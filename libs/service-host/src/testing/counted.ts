// A projection that counts, and models in the log for it.
import { randomUUID } from 'node:crypto';
import { type Commit, ENVELOPE_VERSION } from '@baton/contracts';
import type { EventStore } from '@baton/event-store';
import type { Projection, Revised } from '../projection.ts';

export interface Counted extends Revised {
  readonly names: number;
}

export const countedProjection = (version = 1): Projection<Counted> => ({
  name: 'counted',
  version,
  indexes: [],
  stream: 'EVENTS',
  aggregates: ['model'],
  apply: (document, commit) => {
    if (commit.events[0]?.type === 'ModelDeleted') return null;
    return { id: commit.ref.id, revision: commit.revision, names: (document?.names ?? 0) + 1 };
  },
});

export interface ModelCommit {
  readonly id: string;
  readonly revision: number;
  /** Of the model's commit before; 0 if there is none. */
  readonly position: number;
  readonly type?: string;
  readonly at?: number;
}

/** Its position. */
export async function appendModel(
  store: EventStore,
  { id, revision, position, type, at = 1 }: ModelCommit,
): Promise<number> {
  const base = { envelopeV: ENVELOPE_VERSION, commitId: randomUUID(), commandId: randomUUID(), requestHash: '' };
  const who = { actor: 'test', credentialId: 'test', correlationId: 'test', causationId: 'test' };
  const events = [{ type: type ?? 'ModelChanged', v: 1, data: {} }];
  const commit: Commit = { ...base, ...who, revision, prevHash: '', at, events };
  const appended = await store.append({ aggregate: 'model', id }, commit, { kind: 'aggregate', position });
  return appended.position;
}
