// Whole outputs in the blob store, for retention: removed by their digest once nothing else can be about to name them.
import type { BlobStore, RemovableBlobs } from '@baton/blob-store';
import { type DatasetEvent, fits, Manifest, type ModelEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { EventStore } from '@baton/event-store';
import type { OutputBlobs } from '../../app/retention/ports.ts';

/**
 * Content is stored before the event that names it: an upload may wait seven days for its dataset, and what an agent has stored waits for
 * the agent. Equal content that is stored again counts as stored then.
 */
const UNUSED_FOR_MS = 8 * 86_400_000;

export function outputBlobs(
  blobs: BlobStore & RemovableBlobs,
  events: Pick<EventStore, 'readAll'>,
  now: () => number,
): OutputBlobs {
  const oldEnough = () => now() - UNUSED_FOR_MS;
  return {
    isRecent: async (digest) => ((await blobs.storedAt(digest)) ?? 0) > oldEnough(),
    remove: async (digest) => ((await blobs.remove(digest, oldEnough())) ? 'gone' : 'recent'),
    filesOf: (digest) => filesOf(blobs, digest),
    named: () => named(events),
  };
}

async function filesOf(blobs: BlobStore, digest: string): Promise<string[]> {
  const manifest: unknown = JSON.parse((await blobs.read(digest)).toString('utf8'));
  if (fits(Manifest, manifest)) return manifest.files.map((file) => file.digest);
  throw new PlatformError('internal', 'A manifest is none.', { detail: digest });
}

async function named(events: Pick<EventStore, 'readAll'>) {
  const content: string[] = [];
  const manifests: string[] = [];
  for await (const commit of events.readAll(0, { aggregates: ['dataset', 'model'] })) {
    for (const event of commit.events as unknown as readonly (DatasetEvent | ModelEvent)[]) {
      if (event.type !== 'DatasetVersionAdded' && event.type !== 'ModelVersionAdded') continue;
      manifests.push(event.data.manifest.digest);
      content.push(...event.data.uploads.map(({ digest }) => digest));
    }
  }
  return { content, manifests };
}
