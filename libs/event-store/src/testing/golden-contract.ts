// What was ever stored is still understood: each golden history of an aggregate comes to the state that was frozen with it.
import type { AggregateName } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { foldCommits } from '../folded-aggregate.ts';
import type { StoredEvent } from '../port.ts';
import { goldenFilesOf, plainState, recordedCommits } from './golden-files.ts';

export function goldenHistories<Command, State, Event extends StoredEvent>(
  aggregate: AggregateName,
  decider: Decider<Command, State, Event>,
): void {
  describe(`the golden histories of ${aggregate}`, () => {
    const files = goldenFilesOf(aggregate);

    it('are there', () => expect(files.length).toBeGreaterThan(0));

    it.each(files)('come to the state that was frozen: $path', (file) => {
      const { state, revision } = foldCommits(decider, recordedCommits(file));
      expect(revision).toBe(file.commits.length);
      expect(plainState(state)).toEqual(file.state);
    });
  });
}
