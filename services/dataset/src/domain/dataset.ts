// The dataset aggregate: its events, its state, and how one follows from the other.
import type { DatasetEvent } from '@baton/contracts';
import { type Thing, withChange, withVersion } from '@baton/catalogue/rules';

export type DatasetState = Thing;

export const initialState: DatasetState = { status: 'absent' };

export function evolve(state: DatasetState, event: DatasetEvent): DatasetState {
  switch (event.type) {
    case 'DatasetCreated':
      return { status: 'present', details: event.data, latest: null };
    case 'DatasetVersionAdded':
      return withVersion(state, { version: event.data.version, digest: event.data.manifest.digest });
    case 'DatasetChanged':
      return withChange(state, event.data);
    case 'DatasetDeleted':
      return { status: 'deleted' };
    default:
      return event satisfies never;
  }
}
