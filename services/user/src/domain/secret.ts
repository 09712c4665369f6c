// The secret: a name of its owner's and the version of the value in the vault; the value itself is never in the log.
import type { SecretEvent } from '@baton/contracts';

export type SecretState =
  | { readonly kind: 'none' }
  | { readonly kind: 'set'; readonly ownerId: string; readonly name: string; readonly valueVersion: number }
  /** Versions go on counting after a deletion: a number never names two values. */
  | { readonly kind: 'deleted'; readonly valueVersion: number };

export const initialSecret: SecretState = { kind: 'none' };

export function evolveSecret(state: SecretState, event: SecretEvent): SecretState {
  switch (event.type) {
    case 'SecretSet':
      return { kind: 'set', ...event.data };
    case 'SecretDeleted':
      return state.kind === 'set' ? { kind: 'deleted', valueVersion: state.valueVersion } : state;
    default:
      return event satisfies never;
  }
}

/** The newest version that was ever set; 0 before the first. */
export function lastVersion(state: SecretState): number {
  return state.kind === 'none' ? 0 : state.valueVersion;
}
