// The model aggregate: its events, its state, and how one follows from the other.
import type { ModelEvent, ModelVersionKind } from '@baton/contracts';
import { type LatestVersion, type Thing, withChange, withVersion } from '@baton/catalogue/rules';

export interface ModelVersion extends LatestVersion {
  readonly kind: ModelVersionKind;
  readonly trained: boolean;
}

/** The latest version, and the latest that can be run and that can be served: code and weights often share a name. */
export interface LatestModelVersion extends ModelVersion {
  readonly withCode: ModelVersion | null;
  readonly withWeights: ModelVersion | null;
}

export type ModelState = Thing<LatestModelVersion>;

export const initialState: ModelState = { status: 'absent' };

export function evolve(state: ModelState, event: ModelEvent): ModelState {
  switch (event.type) {
    case 'ModelCreated':
      return { status: 'present', details: event.data, latest: null };
    case 'ModelVersionAdded': {
      const { version, kind, trained, manifest } = event.data;
      return withVersion(state, latestAfter(state, { version, kind, trained, digest: manifest.digest }));
    }
    case 'ModelChanged':
      return withChange(state, event.data);
    case 'ModelDeleted':
      return { status: 'deleted' };
    default:
      return event satisfies never;
  }
}

function latestAfter(state: ModelState, added: ModelVersion): LatestModelVersion {
  const before = state.status === 'present' ? state.latest : null;
  return {
    ...added,
    withCode: added.kind === 'weights' ? (before?.withCode ?? null) : added,
    withWeights: added.kind === 'code' ? (before?.withWeights ?? null) : added,
  };
}
