// What desired sets may and may not do to a node.
import type { DesiredAttempt, DesiredSet } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aResult, aSpec, journalWith } from '../testing/domain-builders.ts';
import { attemptName, emptyJournal, evolve, type JournalEntry, type JournalState } from './journal.ts';
import { type Action, reconcile } from './reconcile.ts';

const set = (attempts: DesiredAttempt[], revision = 1, installationId = 'a'): DesiredSet => ({
  installationId,
  revision,
  attempts,
});

function actionsOf(state: JournalState, desired: DesiredSet): readonly Action[] {
  const verdict = reconcile(state, desired);
  return verdict.accepted ? verdict.actions : [];
}

describe('a desired set', () => {
  it('starts what is unknown and stops what runs, each once', () => {
    const [running, fresh] = [aSpec(1), aSpec(2)];
    const state = journalWith([running, 'running']);
    const stop = { ...running, want: 'stop' } as const;
    expect(actionsOf(state, set([stop, fresh]))).toEqual([
      { type: 'stop', key: { jobId: running.jobId, attempt: 1 } },
      { type: 'start', spec: fresh },
    ]);
    const stopping = evolve(state, { type: 'stopping', jobId: running.jobId, attempt: 1, cause: 'cancelled', at: 1 });
    expect(actionsOf(stopping, set([stop]))).toEqual([]);
  });

  it('answers for what it never had and is asked to stop', () => {
    const spec = { ...aSpec(1), want: 'stop' } as const;
    expect(actionsOf(emptyJournal, set([spec]))).toEqual([{ type: 'decline', spec }]);
  });

  it('lets a rank go that waits for its peers, once, and with what the newest set says', () => {
    const nodes = ['a', 'b'].map((name) => ({ name, address: name }));
    const held = { ...aSpec(1), gang: { rank: 1, nodes, rendezvous: null } };
    const rendezvous = { host: 'a', port: 4_000 };
    const permitted = { ...held, gang: { ...held.gang, rendezvous } };
    const key = { jobId: held.jobId, attempt: 1 };
    for (const at of ['starting', 'armed'] as const) {
      const state = journalWith([held, at]);
      expect(actionsOf(state, set([held]))).toEqual([]);
      expect(actionsOf(state, set([permitted]))).toEqual([{ type: 'permit', key, rendezvous }]);
      const after = evolve(state, { type: 'permitted', ...key, rendezvous });
      expect(after.attempts[attemptName(key)]?.spec).toEqual(permitted);
      expect(actionsOf(after, set([permitted]))).toEqual([]);
    }
    expect(actionsOf(journalWith([held, 'running']), set([permitted]))).toEqual([]);
  });

  it('forgets an end only when it is acknowledged and no longer desired', () => {
    const spec = aSpec(1);
    const ended = journalWith([spec, 'ended']);
    expect(actionsOf(ended, set([]))).toEqual([]);
    const acknowledged = evolve(ended, { type: 'acknowledged', seq: ended.lastSeq });
    expect(actionsOf(acknowledged, set([spec]))).toEqual([]);
    expect(actionsOf(acknowledged, set([]))).toEqual([{ type: 'forget', key: { jobId: spec.jobId, attempt: 1 } }]);
  });

  const phase = fc.constantFrom('starting', 'armed', 'running', 'ended' as const);
  const state = fc.uniqueArray(fc.tuple(fc.nat(6), phase), { selector: ([number]) => number });
  const desired = fc.uniqueArray(fc.tuple(fc.nat(6), fc.constantFrom('run', 'stop' as const)), {
    selector: ([number]) => number,
  });
  const build = (entries: [number, 'starting' | 'armed' | 'running' | 'ended'][]) =>
    journalWith(...entries.map(([number, at]) => [aSpec(number), at] as const));

  it('of another installation or an older revision asks for nothing at all', () => {
    fc.assert(
      fc.property(state, desired, fc.nat(9), (entries, wanted, revision) => {
        const specs = wanted.map(([number, want]) => ({ ...aSpec(number), want }));
        const have = evolve(build(entries), { type: 'accepted', revision: 10 });
        const installed = evolve(have, { type: 'installed', installationId: 'a' });
        expect(reconcile(installed, set(specs, 11, 'b'))).toMatchObject({
          accepted: false,
          refusal: { code: 'other-installation' },
        });
        expect(reconcile(installed, set(specs, revision))).toMatchObject({
          accepted: false,
          refusal: { code: 'older-revision' },
        });
      }),
    );
  });

  it('never stops what it does not name, never starts what is known, and asks for nothing new once obeyed', () => {
    fc.assert(
      fc.property(state, desired, (entries, wanted) => {
        const have = build(entries);
        const specs = wanted.map(([number, want]) => ({ ...aSpec(number), want }));
        const actions = actionsOf(have, set(specs));
        const stopped = actions.flatMap((action) => (action.type === 'stop' ? [attemptName(action.key)] : []));
        const named = new Set(specs.filter((spec) => spec.want === 'stop').map(attemptName));
        expect(stopped.every((name) => named.has(name))).toBe(true);
        const started = actions.flatMap((action) => (action.type === 'start' ? [attemptName(action.spec)] : []));
        expect(started.every((name) => have.attempts[name] === undefined)).toBe(true);
        const after = actions.flatMap(entriesOf(have)).reduce(evolve, have);
        expect(actionsOf(after, set(specs))).toEqual([]);
      }),
    );
  });
});

/** The journal entries that carrying out an action begins with. */
function entriesOf(state: JournalState): (action: Action, index: number) => JournalEntry[] {
  return (action, index) => {
    const seq = state.lastSeq + 1 + index;
    switch (action.type) {
      case 'start':
        return [
          {
            type: 'starting',
            fact: { type: 'starting', seq, jobId: action.spec.jobId, attempt: 1, at: 1 },
            spec: action.spec,
          },
        ];
      case 'stop':
        return [{ type: 'stopping', ...action.key, cause: 'cancelled', at: 1 }];
      case 'decline':
        return [
          {
            type: 'ended',
            fact: { type: 'ended', seq, jobId: action.spec.jobId, attempt: 1, at: 1, result: aResult() },
            spec: action.spec,
          },
        ];
      case 'permit':
        return [{ type: 'permitted', ...action.key, rendezvous: action.rendezvous }];
      case 'revoke':
        return [{ type: 'revoked', fact: { type: 'revoked', seq, ...action.key, at: 1 } }];
      case 'forget':
        return [{ type: 'forgotten', ...action.key }];
      default:
        return action satisfies never;
    }
  };
}
