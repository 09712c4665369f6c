// The ledger of the one who leads, against one that is rebuilt from the log.
import type { JobEvent } from '@baton/contracts';
import { JobLedger, type Leader } from '@baton/scheduler/core';
import { decoded } from '../edges/event-log.ts';
import type { StoredEntry } from '../edges/stream.ts';
import type { Violated } from './violation.ts';

/** When nothing is on its way to the log. */
export function checkLedger(leader: Leader, entries: readonly StoredEntry[], violated: Violated): void {
  const rebuilt = new JobLedger();
  rebuilt.load();
  for (const entry of entries) {
    const commit = decoded(entry);
    rebuilt.apply(commit.ref.id, commit.events as JobEvent[], commit);
  }
  rebuilt.loaded();
  const [live, told] = [textOf(leader.ledger), textOf(rebuilt)];
  for (const [id, text] of told)
    if (live.get(id) !== text) violated('ledger-differs', `${id} is ${live.get(id)}, in the log ${text}`);
  for (const id of live.keys()) if (!told.has(id)) violated('ledger-differs', `${id} is over in the log`);
}

function textOf(ledger: JobLedger): Map<string, string> {
  return new Map(
    [...ledger.records()].map(({ id, state, position, revision, hash, order, placedAt }) => [
      id,
      JSON.stringify([withoutTimes(state), position, revision, hash, order, placedAt]),
    ]),
  );
}

/** A time that has come is forgotten by the one, and told again by the other. */
function withoutTimes(state: object): object {
  return { ...state, notBefore: 0 };
}
