// What is measured of a long log: the bare read, the fold, the verification, the read models.
import { join } from 'node:path';
import { allReducers, jobReadModels, LedgerHistory, type PrivateServer } from '@baton/deploy/replay';
import { openJetStreamEventStore, readBatches } from '@baton/event-store';
import { logOn, verifyLog } from '@baton/log-archive';
import { openReadStore } from '@baton/read-store';
import { type Projection, readThread, type Revised, runProjection } from '@baton/service-host/without-nest';
import { jetstream } from '@nats-io/jetstream';

interface Parsed {
  readonly events: readonly unknown[];
}

async function timed(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

/** The client's own ordered consumer, and JSON.parse: what anybody would pay who wants to see each event. */
export async function bareRead({ connection }: PrivateServer, events: number): Promise<number> {
  return timed(async () => {
    const consumer = await jetstream(connection).consumers.get('JOBS');
    const { num_pending } = await consumer.info();
    const messages = await consumer.consume({ max_messages: 2_000 });
    let seen = 0;
    let commits = 0;
    for await (const message of messages) {
      seen += message.json<Parsed>().events.length;
      commits += 1;
      if (commits === num_pending) break;
    }
    mustBe(seen, events);
  });
}

/** The store of jobs as a service opens it. */
function jobs({ connection, address }: PrivateServer) {
  // Nobody catches it: a figure of something else than what is to be measured is none.
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const longRead = readThread({ ...address, role: 'scheduler' }, 'JOBS', { onFailure });
  return openJetStreamEventStore({ connection, stream: 'JOBS', longRead });
}

/** As a leader without a snapshot does it. */
export async function fold(server: PrivateServer, events: number): Promise<number> {
  const store = await jobs(server);
  return timed(async () => {
    const history = new LedgerHistory(null);
    let seen = 0;
    for await (const commits of readBatches(store, 0)) {
      for (const commit of commits) {
        seen += commit.events.length;
        history.take(commit);
      }
    }
    history.loaded();
    mustBe(seen, events);
  });
}

/** As `baton log verify` does it, all of it. */
export async function verification({ connection }: PrivateServer, events: number): Promise<number> {
  return timed(async () => {
    const { ok, streams } = await verifyLog(await logOn(connection), { reducers: allReducers });
    if (!ok) throw new Error(`the log is not sound: ${JSON.stringify(streams)}`);
    mustBe(streams[0]?.events ?? 0, events);
  });
}

/** As services do it that find none: all of them at once. */
export async function readModels(server: PrivateServer, folder: string): Promise<number> {
  const store = await jobs(server);
  const readStore = await openReadStore(`sqlite:${join(folder, 'read.db')}`);
  const stopping = new AbortController();
  const report = (error: unknown): never => {
    throw error;
  };
  const seconds = await timed(async () => {
    const context = { store, readStore, signal: stopping.signal, report };
    const handles = jobReadModels.map((model) => runProjection(model as unknown as Projection<Revised>, context));
    await Promise.all((await Promise.all(handles)).map(({ caughtUp }) => caughtUp));
  });
  stopping.abort();
  await readStore.close();
  return seconds;
}

function mustBe(seen: number, events: number): void {
  if (seen !== events) throw new Error(`${seen} events were read of ${events}`);
}
