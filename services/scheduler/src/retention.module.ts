// Wiring of retention: what is removed of jobs that are over, and when.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileBlobStore } from '@baton/blob-store';
import { commandContext, commandHandler } from '@baton/event-store';
import type { Platform, ProjectionHandle } from '@baton/service-host';
import { outputBlobs } from './adapters/retention/output-blobs.ts';
import { purgeStream } from './adapters/retention/purge-stream.ts';
import type { Static } from 'typebox';
import type { RetentionPorts } from './app/retention/ports.ts';
import { RetentionAdmin, type RetentionAdminPorts } from './app/retention/retention-admin.ts';
import { Sweeper } from './app/retention/sweeper.ts';
import type { SchedulerConfig } from './config.ts';
import { retentionId } from './domain/retention.ts';
import { retentionDecider } from './domain/retention.commands.ts';
import type { JobDocument } from './projections/job-document.ts';
import { type RetentionDocument, retentionProjection } from './projections/retention-document.ts';

/** At most twenty jobs a second: nobody waits for it. */
const PAUSE_MS = 50;

interface Given extends Pick<RetentionAdminPorts, 'policies' | 'leadership'> {
  readonly jobs: ProjectionHandle<JobDocument>;
}

export async function openRetention(
  platform: Platform,
  { jobs, ...led }: Given,
  { BATON_BLOB_FOLDER: blobFolder }: Static<typeof SchedulerConfig>,
) {
  const sweeper = await openSweeper(platform, jobs, blobFolder);
  return { sweeper, admin: new RetentionAdmin({ sweeper, ...led, report: platform.report }) };
}

async function openSweeper(
  platform: Platform,
  jobs: ProjectionHandle<JobDocument>,
  blobFolder: string | undefined,
): Promise<Sweeper> {
  const { bus, events, now } = platform;
  const removed = await platform.project(retentionProjection);
  const blobs =
    blobFolder === undefined ? null : outputBlobs(await openFileBlobStore({ folder: blobFolder }), events, now);
  return new Sweeper({
    jobs: jobs.collection,
    removed: removed.collection,
    execute: retentionCommands(platform, removed),
    purge: (jobId, what) => purgeStream(bus.connection, jobId, what),
    blobs,
    now,
    pause: () => sleep(PAUSE_MS),
  });
}

function retentionCommands(
  platform: Platform,
  removed: ProjectionHandle<RetentionDocument>,
): RetentionPorts['execute'] {
  const { events: store, now, secret } = platform;
  const handler = commandHandler({ store, decider: retentionDecider, aggregate: 'retention', now, newId: randomUUID });
  return async (jobId, command) => {
    const { principal, meta } = platform.systemCall();
    const context = commandContext({ principal, meta, subject: command.type, body: null, secret });
    const { revision } = await handler.execute(retentionId(jobId), command, context);
    await removed.waitForRevision(retentionId(jobId), revision);
  };
}
