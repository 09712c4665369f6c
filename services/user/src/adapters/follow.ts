// Keeps what is held in memory in step with the log, also with what other replicas of this service write.
import type { AggregateName } from '@baton/contracts';
import type { EventStore, Position, RecordedCommit } from '@baton/event-store';

export interface Following {
  readonly store: EventStore;
  readonly aggregates: readonly AggregateName[];
  readonly after: Position;
  readonly signal: AbortSignal;
  readonly onCommit: (commit: RecordedCommit) => void;
  readonly report: (error: unknown, where: string) => void;
}

const RETRY_MS = 500;

/** Resolves when all that was in the log at the start was passed on; goes on until the signal aborts. */
export function follow(following: Following): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  void keepFollowing(following, resolve).finally(resolve);
  return promise;
}

/** A subscription that breaks is taken up again behind the last commit seen: nothing is missed. */
async function keepFollowing(following: Following, caughtUp: () => void): Promise<void> {
  const { report, signal } = following;
  const seen = { position: following.after };
  while (!signal.aborted) {
    await followOnce(following, seen, caughtUp).catch((error: unknown) =>
      report(error, `following ${following.aggregates.join(', ')}`),
    );
    await pause(RETRY_MS, signal);
  }
}

async function followOnce(following: Following, seen: { position: Position }, caughtUp: () => void): Promise<void> {
  const { aggregates, onCommit, signal, store } = following;
  for await (const item of store.subscribe(seen.position, { aggregates, signal })) {
    if (item.kind === 'caught-up') {
      caughtUp();
      continue;
    }
    onCommit(item.commit);
    seen.position = item.commit.position;
  }
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
  });
}
