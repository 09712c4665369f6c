// Passes on what the log says of nodes, also what another scheduler has written.
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedCommit } from '@baton/event-store';
import type { Platform } from '@baton/service-host';

const RETRY_MS = 500;

/** Resolves when all that was there at the start was passed on; goes on until the platform stops. */
export function followNodes(platform: Platform, onCommit: (commit: RecordedCommit) => void): Promise<void> {
  const { events, signal, report } = platform;
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  let after = 0;
  const followOnce = async () => {
    for await (const item of events.subscribe(after, { aggregates: ['node'], signal })) {
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
      await followOnce().catch((error: unknown) => report(error, 'following nodes'));
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  void followOn().finally(resolve);
  return caughtUp;
}
