// Passes on what the log says of some kinds of aggregates, also what another scheduler has written.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateName } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Platform } from '@baton/service-host';

const RETRY_MS = 500;

export type FollowedLog = Pick<Platform, 'events' | 'signal' | 'report'>;

/** Resolves when all that was there at the start was passed on; goes on until the platform stops. */
export function followLog(
  platform: FollowedLog,
  aggregates: readonly AggregateName[],
  onCommit: (commit: RecordedCommit) => void,
): Promise<void> {
  const { events, signal, report } = platform;
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  let after = 0;
  const followOnce = async () => {
    for await (const item of events.subscribe(after, { aggregates, signal })) {
      if (item.kind === 'caught-up') {
        resolve();
        continue;
      }
      onCommit(item.commit);
      after = item.commit.position;
    }
  };
  const followOn = async () => {
    while (!signal.aborted) {
      // A subscription that breaks is taken up again behind the last commit seen.
      await followOnce().catch((error: unknown) => report(error, `following ${aggregates.join(', ')}`));
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  void followOn().finally(resolve);
  return caughtUp;
}
