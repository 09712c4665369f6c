// What retention needs from outside: the log, the streams of output and metrics, the blobs.
import type { RetainedContent } from '@baton/contracts';
import type { Collection } from '@baton/read-store';
import type { RetentionCommand } from '../../domain/retention.commands.ts';
import type { JobDocument } from '../../projections/job-document.ts';
import type { RetentionDocument } from '../../projections/retention-document.ts';

/** What came of it: `kept` while it may still be about to be named, because it was stored or asked for lately. */
export type BlobRemoval = 'gone' | 'recent';

export interface OutputBlobs {
  /** Not looked at again before it is old enough. */
  isRecent(digest: string): Promise<boolean>;
  remove(digest: string): Promise<BlobRemoval>;
  /** Digests of the files that a manifest names. Throws where it can't be read: nothing may be removed then. */
  filesOf(manifestDigest: string): Promise<readonly string[]>;
  /** All that the log's datasets and models name, whether deleted since or not: digests of content, and of manifests. */
  named(): Promise<{ readonly content: readonly string[]; readonly manifests: readonly string[] }>;
}

export interface RetentionPorts {
  readonly jobs: Pick<Collection<JobDocument>, 'page' | 'getMany'>;
  readonly removed: Pick<Collection<RetentionDocument>, 'page' | 'get' | 'getMany'>;
  /** Durable when it resolves, and readable. */
  readonly execute: (jobId: string, command: RetentionCommand) => Promise<void>;
  /** From the stream; of all attempts and nodes of the job. */
  readonly purge: (jobId: string, what: RetainedContent) => Promise<void>;
  /** Null where this instance has no blobs: whole outputs then stay on the disk. */
  readonly blobs: OutputBlobs | null;
  readonly now: () => number;
  /** Between one job and the next, so that nobody else is kept waiting. */
  readonly pause: () => Promise<void>;
}
