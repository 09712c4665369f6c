// What was ever stored is still understood: golden histories, as the deciders of today replay them.
import type { AggregateName } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { foldCommits } from '../folded-aggregate.ts';
import type { StoredEvent } from '../port.ts';
import { goldenFilesOf, plainState, recordedCommits } from './golden-files.ts';

export interface GoldenHistory {
  readonly path: string;
  /** What it comes to today, as JSON: equal to what was frozen. */
  readonly replay: () => unknown;
  readonly frozen: unknown;
}

export function goldenHistories<Command, State, Event extends StoredEvent>(
  aggregate: AggregateName,
  decider: Decider<Command, State, Event>,
): GoldenHistory[] {
  return goldenFilesOf(aggregate).map((file) => ({
    path: file.path,
    replay: () => plainState(foldCommits(decider, recordedCommits(file)).state),
    frozen: file.state,
  }));
}
