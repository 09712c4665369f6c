// Wiring of the ledger's snapshot: where it lies, and that it follows the log.
import { join } from 'node:path';
import type { Platform } from '@baton/service-host';
import type { Static } from 'typebox';
import { snapshotFile } from './adapters/snapshot-file.ts';
import type { Snapshots } from './app/ports.ts';
import { SnapshotRefresher } from './app/refresh-snapshot.ts';
import type { SchedulerConfig } from './config.ts';

const EVERY_MS = 15_000;

/** Kept up to the log as long as the service runs, so that the next start has little to read, whenever it comes. */
export function keptSnapshots(platform: Platform, config: Static<typeof SchedulerConfig>): { snapshots?: Snapshots } {
  const { jobs, report, signal } = platform;
  const folder = config.BATON_SNAPSHOT_FOLDER;
  if (folder === undefined || jobs === null) return {};
  const snapshots = snapshotFile({ path: join(folder, 'ledger.snapshot'), log: jobs, report });
  const refresher = new SnapshotRefresher(snapshots, jobs);
  const timer = setInterval(() => {
    void refresher.look(signal).catch((error: unknown) => report(error, 'snapshot of the ledger'));
  }, EVERY_MS);
  platform.onClose(() => clearInterval(timer));
  return { snapshots };
}
