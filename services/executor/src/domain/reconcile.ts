// What a desired set asks of this node, given its journal: a pure function, so that "kills nothing that it should not" can be proven.
import type { DesiredAttempt, DesiredSet, Rendezvous } from '@baton/contracts';
import { type AttemptKey, attemptName, type AttemptState, endIsAcknowledged, type JournalState } from './journal.ts';

export type Action =
  | { readonly type: 'start'; readonly spec: DesiredAttempt }
  /** It was held until its peers on other nodes were ready: now they are. */
  | { readonly type: 'permit'; readonly key: AttemptKey; readonly rendezvous: Rendezvous }
  | { readonly type: 'stop'; readonly key: AttemptKey }
  /** To be given back unless it has started. Also what never came here: the scheduler waits for an answer. */
  | { readonly type: 'revoke'; readonly key: AttemptKey }
  /** To be stopped, and never begun here: its end is reported all the same, or the scheduler would wait for it forever. */
  | { readonly type: 'decline'; readonly spec: DesiredAttempt }
  /** Ended, acknowledged and no longer desired. */
  | { readonly type: 'forget'; readonly key: AttemptKey };

export type Refusal =
  | { readonly code: 'other-installation'; readonly own: string; readonly theirs: string }
  | { readonly code: 'older-revision'; readonly own: number; readonly theirs: number };

export type Verdict =
  | { readonly accepted: true; readonly actions: readonly Action[]; readonly unknown: readonly AttemptKey[] }
  | { readonly accepted: false; readonly refusal: Refusal };

export function reconcile(state: JournalState, set: DesiredSet): Verdict {
  const refusal = refusalOf(state, set);
  if (refusal) return { accepted: false, refusal };
  const desired = new Map(set.attempts.map((spec) => [attemptName(spec), spec]));
  const wanted = [...desired.values()].flatMap((spec) => towards(spec, state.attempts[attemptName(spec)]));
  const rest = Object.entries(state.attempts).filter(([name]) => !desired.has(name));
  const forgotten = rest.filter(([, attempt]) => endIsAcknowledged(state, attempt));
  const alive = rest.filter(([, attempt]) => attempt.phase !== 'ended');
  return {
    accepted: true,
    actions: [...wanted, ...forgotten.map(([, attempt]) => ({ type: 'forget' as const, key: keyOf(attempt) }))],
    // Not in the log as far as it says: left alone, and reported with the next sync.
    unknown: alive.map(([, attempt]) => keyOf(attempt)),
  };
}

function refusalOf(state: JournalState, set: DesiredSet): Refusal | null {
  if (state.installationId !== null && state.installationId !== set.installationId) {
    return { code: 'other-installation', own: state.installationId, theirs: set.installationId };
  }
  if (set.revision < state.revision) return { code: 'older-revision', own: state.revision, theirs: set.revision };
  return null;
}

function towards(spec: DesiredAttempt, have: AttemptState | undefined): Action[] {
  switch (spec.want) {
    case 'run':
      return have === undefined ? [{ type: 'start', spec }] : permission(spec, have);
    case 'revoke': {
      const isHere = have !== undefined && have.phase !== 'starting' && have.phase !== 'armed';
      return isHere || have?.stop ? [] : [{ type: 'revoke', key: { jobId: spec.jobId, attempt: spec.attempt } }];
    }
    case 'stop':
      if (have === undefined) return [{ type: 'decline', spec }];
      return have.phase === 'ended' || have.stop !== null ? [] : [{ type: 'stop', key: keyOf(have) }];
    default:
      return spec.want satisfies never;
  }
}

function permission({ gang }: DesiredAttempt, have: AttemptState): Action[] {
  const rendezvous = gang?.rendezvous ?? null;
  const isHeld = have.phase === 'starting' || have.phase === 'armed';
  if (rendezvous === null || !isHeld || have.spec.gang?.rendezvous !== null) return [];
  return [{ type: 'permit', key: keyOf(have), rendezvous }];
}

function keyOf(attempt: AttemptState): AttemptKey {
  return { jobId: attempt.spec.jobId, attempt: attempt.spec.attempt };
}
