// Commands of a secret: set, delete.
import type { SecretEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveSecret, initialSecret, lastVersion, type SecretState } from './secret.ts';

export interface SetSecret {
  readonly kind: 'SetSecret';
  readonly ownerId: string;
  readonly name: string;
  /** Where the vault has the value already. */
  readonly valueVersion: number;
}
export interface DeleteSecret {
  readonly kind: 'DeleteSecret';
  readonly name: string;
}
export type SecretCommand = SetSecret | DeleteSecret;

export const secretDecider: Decider<SecretCommand, SecretState, SecretEvent> = {
  initialState: initialSecret,
  decide,
  evolve: evolveSecret,
};

function decide(command: SecretCommand, state: SecretState): SecretEvent[] {
  switch (command.kind) {
    case 'SetSecret':
      return set(command, state);
    case 'DeleteSecret':
      return remove(command, state);
    default:
      return command satisfies never;
  }
}

function set({ kind: _kind, ...data }: SetSecret, state: SecretState): SecretEvent[] {
  // Somebody else set it in between: the value must be stored again under a newer number.
  if (data.valueVersion <= lastVersion(state))
    throw new PlatformError('conflict', 'The secret was set by another request just now. Set it again.');
  return [{ type: 'SecretSet', v: 1, data }];
}

function remove({ name }: DeleteSecret, state: SecretState): SecretEvent[] {
  if (state.kind !== 'set') throw new PlatformError('not_found', `You have no secret named ${name}.`);
  return [{ type: 'SecretDeleted', v: 1, data: {} }];
}
