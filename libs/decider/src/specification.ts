// Given / when / then for deciders, as a typed function for tests.
import { deepStrictEqual, throws } from 'node:assert/strict';
import { type Decider, fold } from './decider.ts';

export interface Outcome<Event> {
  /** The command causes exactly these events. */
  then(...expected: readonly Event[]): void;
  /** The command is refused with an error of this `code`. */
  thenRefuses(code: string): void;
}

/** `given(decider, ...history).when(command).then(...events)`. */
export function given<Command, State, Event>(decider: Decider<Command, State, Event>, ...history: readonly Event[]) {
  return {
    when(command: Command): Outcome<Event> {
      const decide = () => decider.decide(command, fold(decider, history));
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- the word of given / when / then; nobody awaits it
        then: (...expected) => deepStrictEqual(decide(), expected),
        thenRefuses: (code) => throws(decide, (error: { code?: unknown }) => error.code === code),
      };
    },
  };
}
