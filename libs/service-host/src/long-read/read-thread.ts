// Reads a long part of the log in a thread: taking messages off the wire is half of what reading them costs.
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type StreamName, inboxPrefix } from '@baton/contracts';
import type { LongRead, StoredMessage } from '@baton/event-store';
import { type Parcel, type RawSource, unpacked } from '@baton/event-store/raw-reading';
import type { BusOptions } from '@baton/messaging';

export type ReadingConnection = Pick<BusOptions, 'url' | 'role' | 'credentials'>;

/** What the thread is to read, and as whom. */
export interface Reading {
  readonly source: RawSource;
  readonly after: number;
  readonly end: number;
}

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './read-worker.ts' : './read-worker.js', import.meta.url);
/** Megabytes: what it reads it hands over, and keeps nothing. */
const HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 24 };

/** So many messages are read in less time than a thread takes to start. */
const LEAST = 20_000;

export interface ReadThreadOptions {
  readonly least?: number;
  /** Told why a thread could not read on, which whoever reads can do without, only slower. */
  readonly onFailure?: (error: unknown) => void;
}

/** A thread for each reading, which is gone with it. Throws where the thread could not read on. */
export function readThread(
  bus: ReadingConnection,
  stream: StreamName,
  { least = LEAST, onFailure = () => undefined }: ReadThreadOptions = {},
): LongRead {
  const source = sourceOf(bus, stream);
  return {
    least,
    async *read({ after, end, signal }) {
      if (signal?.aborted) return;
      const workerData: Reading = { source, after, end };
      const worker = new Worker(WORKER, { workerData, resourceLimits: HEAP, execArgv: execArgv() });
      worker.on('error', onFailure);
      const stop = (): void => void worker.terminate();
      signal?.addEventListener('abort', stop);
      try {
        yield* parcelsOf(worker);
      } finally {
        signal?.removeEventListener('abort', stop);
        await worker.terminate();
      }
    },
  };
}

function sourceOf({ url, role, credentials }: ReadingConnection, stream: StreamName): RawSource {
  const login = credentials !== undefined && 'user' in credentials ? credentials : null;
  return { url, login, inboxPrefix: inboxPrefix(role), stream };
}

/** Until the thread ends; it gets on with the next one when one was taken. */
async function* parcelsOf(worker: Worker): AsyncGenerator<readonly StoredMessage[]> {
  for await (const [parcel] of on(worker, 'message', { close: ['exit'] })) {
    worker.postMessage(null);
    yield unpacked(parcel as Parcel);
  }
}

/** A source file finds the sources of the workspace; a built one nothing but its own. */
function execArgv(): string[] {
  return WORKER.pathname.endsWith('.ts') ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : [];
}
