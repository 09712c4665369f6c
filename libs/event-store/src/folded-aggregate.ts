// An aggregate folded from its commits, with what is needed to append the next one and to recognise repeated commands.
import { type Decider, fold } from '@baton/decider';
import { checkKnownEvents } from './event-schemas.ts';
import type { Position, RecordedCommit, StoredEvent } from './port.ts';
import { verifyChain } from './stored-commit.ts';

export interface KnownCommand {
  readonly requestHash: string;
  readonly revision: number;
  readonly position: Position;
}

export interface FoldedAggregate<State> {
  /** Ordinal of the newest commit; 0 = it does not exist. */
  readonly revision: number;
  readonly state: State;
  /** Position of the newest commit; 0 = it has none. */
  readonly position: Position;
  /** Hash of the newest commit; empty if there is none. */
  readonly hash: string;
  /** By command id; grows with the aggregate. */
  readonly commands: Map<string, KnownCommand>;
}

/** Throws `internal` when the chain of commits is broken or holds an unknown event. */
export function foldCommits<Command, State, Event extends StoredEvent>(
  decider: Decider<Command, State, Event>,
  commits: readonly RecordedCommit[],
): FoldedAggregate<State> {
  verifyChain(commits);
  const commands = new Map<string, KnownCommand>();
  let state = decider.initialState;
  for (const commit of commits) {
    checkKnownEvents(commit);
    state = fold(decider, commit.events as unknown as Event[], state);
    commands.set(commit.commandId, {
      requestHash: commit.requestHash,
      revision: commit.revision,
      position: commit.position,
    });
  }
  const last = commits.at(-1);
  return { revision: commits.length, state, position: last?.position ?? 0, hash: last?.hash ?? '', commands };
}
