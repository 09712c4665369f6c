// A name's reservation: events, state, commands. One aggregate for each kind and name, so that the log itself keeps names unique.
import type { NameEvent, NameKind } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';

export interface NameState {
  /** The id of the thing that has the name; null while it is free. */
  readonly holderId: string | null;
}

export type NameCommand =
  /** `replaces`: a holder that does not exist, whose reservation may be taken over. */
  | { readonly type: 'ReserveName'; readonly kind: NameKind; readonly holderId: string; readonly replaces?: string }
  | { readonly type: 'ReleaseName'; readonly holderId: string };

export const nameDecider: Decider<NameCommand, NameState, NameEvent> = {
  initialState: { holderId: null },
  decide(command, state) {
    switch (command.type) {
      case 'ReserveName':
        return reserve(command, state);
      case 'ReleaseName':
        return state.holderId === command.holderId ? [released()] : [];
    }
  },
  evolve(_state, event) {
    switch (event.type) {
      case 'NameReserved':
        return { holderId: event.data.holderId };
      case 'NameReleased':
        return { holderId: null };
    }
  },
};

function reserve(
  { kind, holderId, replaces }: Extract<NameCommand, { type: 'ReserveName' }>,
  state: NameState,
): NameEvent[] {
  if (state.holderId === holderId) return [];
  const reserved: NameEvent = { type: 'NameReserved', v: 1, data: { kind, holderId } };
  if (state.holderId === null) return [reserved];
  if (state.holderId === replaces) return [released(), reserved];
  throw new PlatformError('name_taken', 'This name is taken; choose another one.');
}

function released(): NameEvent {
  return { type: 'NameReleased', v: 1, data: {} };
}
