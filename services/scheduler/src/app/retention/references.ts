// Whether anything but removed outputs refers to content: equal content is stored once, whoever names it.
import type { JobDocument } from '../../projections/job-document.ts';
import { manifestsOf, outputBlobs } from './leavings.ts';
import type { OutputBlobs, RetentionPorts } from './ports.ts';
import { retentionId } from '../../domain/retention.ts';

const PAGE = 500;
/** Manifests are small. */
const BETWEEN_PAUSES = 20;

/** Takes from `candidates` all that is named by something that stays. */
export async function withoutReferred(
  candidates: ReadonlySet<string>,
  blobs: OutputBlobs,
  ports: Pick<RetentionPorts, 'jobs' | 'removed' | 'pause'>,
): Promise<Set<string>> {
  const free = new Set(candidates);
  const { content, manifests } = await blobs.named();
  const toRead = new Set(manifests);
  for (const digest of content) free.delete(digest);
  for await (const page of jobPages(ports)) {
    const removed = await removedOf(page, ports);
    const stays = page.filter(({ id }) => !removed.has(id)).flatMap((job) => [...outputBlobs(job)]);
    for (const digest of stays) free.delete(digest);
    for (const digest of page.flatMap((job) => [...manifestsOf(job)])) toRead.add(digest);
    await ports.pause();
  }
  let read = 0;
  for (const manifest of toRead) {
    free.delete(manifest);
    if (free.size === 0) return free;
    for (const digest of await blobs.filesOf(manifest)) free.delete(digest);
    read += 1;
    if (read % BETWEEN_PAUSES === 0) await ports.pause();
  }
  return free;
}

/** All jobs, from the newest. */
export async function* jobPages(
  { jobs }: Pick<RetentionPorts, 'jobs'>,
  filter: { readonly active?: boolean } = {},
): AsyncGenerator<JobDocument[]> {
  let cursor: string | null = null;
  do {
    const sort = { field: 'createdAt', descending: true };
    const page = await jobs.page({ anyOf: [], filter, sort, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    yield page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The jobs among them whose output was removed. */
async function removedOf(page: readonly JobDocument[], { removed }: Pick<RetentionPorts, 'removed'>) {
  const documents = await removed.getMany(page.map(({ id }) => retentionId(id)));
  return new Set(documents.filter(({ output }) => output.status !== 'kept').map(({ jobId }) => jobId));
}
