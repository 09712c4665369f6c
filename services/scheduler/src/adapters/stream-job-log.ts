// The JOBS stream behind the port: replayed once, then written in a pipeline that another leader's write breaks.
import { PlatformError } from '@baton/errors';
import { type PipelinedEventStore, readBatches, type StreamWriter } from '@baton/event-store';
import type { Issued, JobLog } from '../app/ports.ts';

export interface StreamJobLog extends JobLog {
  /** Resolves when a write was rejected since the last replay. */
  lost(): Promise<void>;
  close(): void;
}

export function openStreamJobLog(store: PipelinedEventStore): StreamJobLog {
  let writer: StreamWriter | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let lost = Promise.withResolvers<void>();

  function issue(...[jobId, commit]: Parameters<JobLog['issue']>): Issued {
    if (!writer) throw new Error('the log has not been replayed');
    const pending = writer.write({ aggregate: 'job', id: jobId }, commit);
    // Order of durability is order of issue: the newest write stands for all before it.
    last = pending.done;
    const durable = pending.done.then(
      () => undefined,
      (error: unknown) => {
        lost.resolve();
        throw error;
      },
    );
    return { position: pending.position, hash: pending.hash, durable };
  }

  /** Nobody but this writer can have made the stream longer than it knows, unless it is not the only one. */
  async function confirmed(): Promise<void> {
    const asked = writer;
    await last;
    const end = await store.lastPosition();
    const isAlone = asked !== null && asked === writer && asked.state === 'open' && end <= asked.lastAssigned;
    // What was issued meanwhile may stand there, or somebody else's in its place: its own outcome tells.
    if (isAlone) return void (await last);
    if (asked === writer) lost.resolve();
    throw new PlatformError('conflict', 'Another scheduler has written to the log.');
  }

  return {
    async *replay(after = 0) {
      writer?.close();
      writer = null;
      let position = after;
      for await (const commits of readBatches(store, after)) {
        position = commits.at(-1)?.position ?? position;
        yield commits;
      }
      lost = Promise.withResolvers();
      last = Promise.resolve();
      writer = store.openWriter({ after: position });
    },
    issue,
    flushed: async () => void (await last),
    confirmed,
    readJob: (id) => store.readAggregate({ aggregate: 'job', id }),
    lost: () => lost.promise,
    close: () => writer?.close(),
  };
}
