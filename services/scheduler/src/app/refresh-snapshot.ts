// Brings the snapshot up to the log, when enough has come since: folded from the last one, apart from the ledger that leads.
import { type EventStore, readBatches } from '@baton/event-store';
import { LedgerHistory } from './ledger-history.ts';
import type { Snapshots } from './ports.ts';

/** A start reads so many commits in a quarter of a second. */
export const WORTH_COMMITS = 5_000;

/** Whether a new one was saved. */
export async function refreshSnapshot(
  snapshots: Snapshots,
  log: Pick<EventStore, 'lastPosition' | 'readAll'>,
  signal: AbortSignal,
  worthCommits = WORTH_COMMITS,
): Promise<boolean> {
  const { position, jobs } = snapshots.last();
  // Writing each job that is not over once more takes no longer than reading a commit for each.
  if ((await log.lastPosition()) - position < Math.max(worthCommits, jobs)) return false;
  const history = new LedgerHistory(await snapshots.latest());
  for await (const commits of readBatches(log, history.position, { signal }))
    for (const commit of commits) history.take(commit);
  if (signal.aborted || history.position === 0) return false;
  await snapshots.save(history.snapshot());
  return true;
}
