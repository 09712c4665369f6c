// The decider pattern: decide(command, state) -> events, evolve(state, event) -> state. Both pure.

export interface Decider<Command, State, Event> {
  readonly initialState: State;
  /** The events that the command causes; none if nothing changes. Throws when the command is refused. */
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** The state after `events`, starting from `state` or the decider's initial state. */
export function fold<Command, State, Event>(
  decider: Decider<Command, State, Event>,
  events: Iterable<Event>,
  state: State = decider.initialState,
): State {
  let current = state;
  for (const event of events) current = decider.evolve(current, event);
  return current;
}
