// What every read model of this service carries: id, revision, times; and the events of a commit, typed.
import type { RecordedCommit } from '@baton/event-store';

export interface Stamp {
  readonly id: string;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function stamp(document: Stamp | null, commit: RecordedCommit): Stamp {
  return {
    id: commit.ref.id,
    revision: commit.revision,
    createdAt: document?.createdAt ?? commit.at,
    updatedAt: commit.at,
  };
}

/** The stored events of one aggregate, which only this service writes, through its deciders. */
export function eventsOf<Event>(commit: RecordedCommit): readonly Event[] {
  return commit.events as readonly Event[];
}
