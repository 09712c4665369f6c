// What the journal adds up to.
import { describe, expect, it } from 'vitest';
import { aSpec, entriesTo, journalWith } from '../testing/domain-builders.ts';
import { emptyJournal, endIsAcknowledged, evolve } from './journal.ts';

describe('the journal', () => {
  it('keeps facts in order until they are acknowledged', () => {
    const state = journalWith([aSpec(1), 'ended'], [aSpec(2), 'running']);
    expect(state.pending.map((fact) => fact.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(evolve(state, { type: 'acknowledged', seq: 3 }).pending.map((fact) => fact.seq)).toEqual([4, 5]);
  });

  it('goes on counting facts after all were acknowledged and all attempts forgotten', () => {
    const ended = evolve(journalWith([aSpec(1), 'ended']), { type: 'acknowledged', seq: 3 });
    const state = evolve(ended, { type: 'forgotten', jobId: aSpec(1).jobId, attempt: 1 });
    expect(state).toMatchObject({ attempts: {}, pending: [], lastSeq: 3 });
  });

  it('never revives an attempt that has ended', () => {
    const ended = journalWith([aSpec(1), 'ended']);
    const late = entriesTo(aSpec(1), 'running').slice(1);
    expect(Object.values(late.reduce(evolve, ended).attempts)).toMatchObject([{ phase: 'ended' }]);
  });

  it('keeps the first cause of a stop', () => {
    const key = { jobId: aSpec(1).jobId, attempt: 1 };
    const limited = evolve(journalWith([aSpec(1), 'running']), {
      type: 'stopping',
      ...key,
      cause: 'time-limit',
      at: 5,
    });
    const cancelled = evolve(limited, { type: 'stopping', ...key, cause: 'cancelled', at: 6 });
    expect(Object.values(cancelled.attempts)).toMatchObject([{ stop: { cause: 'time-limit', at: 5 } }]);
  });

  it('is the same from its snapshot', () => {
    const state = journalWith([aSpec(1), 'ended'], [aSpec(2), 'armed']);
    expect(evolve(emptyJournal, { type: 'snapshot', state })).toEqual(state);
  });

  it("says when an end is in the scheduler's log", () => {
    const state = journalWith([aSpec(1), 'ended']);
    const [attempt] = Object.values(state.attempts);
    const after = evolve(state, { type: 'acknowledged', seq: 3 });
    expect([state, after].map((one) => attempt !== undefined && endIsAcknowledged(one, attempt))).toEqual([
      false,
      true,
    ]);
  });
});
