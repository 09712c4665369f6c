// Removes what has had its time, oldest first, a little at a time. Cut short anywhere, it goes on where it was: the log knows.
import type { Policy, RetainedContent, RetentionSweep } from '@baton/contracts';
import { retentionId } from '../../domain/retention.ts';
import type { RetentionDocument } from '../../projections/retention-document.ts';
import { type Expired, Expiry } from './expiry.ts';
import { leavingsOf, outputBlobs } from './leavings.ts';
import type { RetentionPorts } from './ports.ts';
import { jobPages, withoutReferred } from './references.ts';

/** In one sweep; the oldest. The next one takes the rest. */
const MOST = 10_000;
const LISTED = 1_000;
const PAGE = 500;
const KINDS: readonly RetainedContent[] = ['output', 'metrics'];

export class Sweeper {
  readonly #ports: RetentionPorts;
  #running: Promise<void> | null = null;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** What would go now, oldest first. */
  async plan(rules: Policy['retention']): Promise<Expired[]> {
    if (rules === undefined) return [];
    const expiry = new Expiry(rules, this.#ports.now());
    let found: Expired[] = [];
    for await (const page of jobPages(this.#ports, { active: false })) {
      const removed = await this.#removedAmong(page.map(({ id }) => id));
      for (const job of page) found.push(...expiry.next(leavingsOf(job, removed.get(job.id))));
      if (found.length > 2 * MOST) found = found.slice(-MOST);
      await this.#ports.pause();
    }
    return found.slice(-MOST).toReversed();
  }

  /** One at a time; `mayGoOn` is asked before each step, and `report` told of what went wrong: the rest is gone on with. */
  sweep(plan: readonly Expired[], mayGoOn: () => boolean, report: (error: unknown) => void): Promise<void> {
    this.#running ??= this.#sweep(plan, mayGoOn, report)
      .catch(report)
      .finally(() => (this.#running = null));
    return this.#running;
  }

  async summary(plan: readonly Expired[], dryRun: boolean): Promise<RetentionSweep> {
    const shown = plan.slice(0, LISTED);
    let pending = 0;
    for await (const page of this.#pendingPages()) pending += page.length;
    const sizeBytes = plan.reduce((sum, each) => sum + each.sizeBytes, 0);
    return { items: shown, count: plan.length, sizeBytes, pending, dryRun };
  }

  /** When what was removed of the job; undefined where all is there. */
  async removed(jobId: string): Promise<{ output?: number; metrics?: number } | undefined> {
    const found = await this.#ports.removed.get(retentionId(jobId));
    if (found === null) return undefined;
    const { output, metrics } = found;
    return {
      ...(output.status === 'kept' ? {} : { output: output.at }),
      ...(metrics.status === 'kept' ? {} : { metrics: metrics.at }),
    };
  }

  async #sweep(plan: readonly Expired[], mayGoOn: () => boolean, report: (error: unknown) => void): Promise<void> {
    const { execute, now, pause } = this.#ports;
    for (const { jobId, what, reason, sizeBytes } of plan) {
      if (!mayGoOn()) return;
      await execute(jobId, { type: 'Remove', jobId, what, reason, sizeBytes, at: now() });
      await pause();
    }
    for await (const page of this.#pendingPages()) await this.#deleteAll(page, mayGoOn, report);
  }

  /** What the log calls removed goes from the disk. Each step, repeated, finds what it did before. */
  async #deleteAll(
    page: readonly RetentionDocument[],
    mayGoOn: () => boolean,
    report: (error: unknown) => void,
  ): Promise<void> {
    const blobsLeft = await this.#removeBlobs(page.filter(({ output }) => output.status === 'removed'));
    for (const document of page) {
      for (const what of KINDS) {
        if (!mayGoOn()) return;
        if (document[what].status !== 'removed') continue;
        const isDone = what === 'metrics' || !blobsLeft.has(document.jobId);
        await this.#delete(document.jobId, what, isDone).catch(report);
      }
      await this.#ports.pause();
    }
  }

  async #delete(jobId: string, what: RetainedContent, isDone: boolean): Promise<void> {
    const { execute, now, purge } = this.#ports;
    await purge(jobId, what);
    if (isDone) await execute(jobId, { type: 'NoteDeleted', what, at: now() });
  }

  /** The jobs some of whose outputs have to wait: they were stored lately, and may be about to be named. */
  async #removeBlobs(documents: readonly RetentionDocument[]): Promise<Set<string>> {
    const { blobs, jobs } = this.#ports;
    const waiting = new Set<string>();
    if (blobs === null || documents.length === 0) return waiting;
    const wanted = new Map<string, readonly string[]>();
    for (const job of await jobs.getMany(documents.map(({ jobId }) => jobId))) {
      const digests = [...outputBlobs(job)];
      const recent = await Promise.all(digests.map((digest) => blobs.isRecent(digest)));
      if (recent.some(Boolean)) waiting.add(job.id);
      wanted.set(
        job.id,
        digests.filter((_, index) => !recent[index]),
      );
    }
    const candidates = new Set([...wanted.values()].flat());
    if (candidates.size === 0) return waiting;
    const free = await withoutReferred(candidates, blobs, this.#ports);
    for (const [jobId, digests] of wanted)
      for (const digest of digests)
        if (free.has(digest) && (await blobs.remove(digest)) === 'recent') waiting.add(jobId);
    return waiting;
  }

  async #removedAmong(jobIds: readonly string[]): Promise<Map<string, RetentionDocument>> {
    const documents = await this.#ports.removed.getMany(jobIds.map(retentionId));
    return new Map(documents.map((document) => [document.jobId, document]));
  }

  /** Oldest first. */
  async *#pendingPages(): AsyncGenerator<RetentionDocument[]> {
    let cursor: string | null = null;
    do {
      const sort = { field: 'createdAt', descending: false };
      const request = { anyOf: [], filter: { pending: true }, sort, limit: PAGE };
      const page = await this.#ports.removed.page({ ...request, ...(cursor === null ? {} : { cursor }) });
      yield page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
}
