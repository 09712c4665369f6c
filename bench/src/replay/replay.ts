// How fast the log is read again: folded, verified, made into read models; and a start on a long one.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PrivateServer, startPrivateServer } from '@baton/deploy/replay';
import { openJetStreamEventStore } from '@baton/event-store';
import { natsServerBinary, temporaryFolder } from '@baton/testkit';
import { type Benchmark, type Figures, quantile } from '../benchmark.ts';
import { note, startPlatform } from '../platform.ts';
import { writeLongLog } from './long-log.ts';
import { bareRead, fold, readModels, verification } from './measures.ts';

/** `BATON_BENCH_EVENTS`: fewer, for a quick look. */
const EVENTS = Number(process.env['BATON_BENCH_EVENTS'] ?? 1_000_000);
/** Each measure is taken so often, and its median counts: a host that others use, too, is twice as slow in one minute as in the next. */
const ROUNDS = 3;
const RESTARTS = 3;

export const replay: Benchmark = {
  method:
    `A stream of ${EVENTS} events of jobs that are over (5 commits and 6 events a job). The bare read is the client's ordered consumer and JSON.parse of each message; ` +
    `before and after each other measure it is taken anew, in the same process; a ratio is events/s to the mean of both, the median of ${ROUNDS} rounds. fold: the event store's reading (envelope checked, hashed) and the ` +
    "leader's ledger; verified: all that `baton log verify` does, rules included; read models: all that are made of jobs, at once, into an empty SQLite file. restartMs: the embedded platform " +
    `on that log, with read models and snapshot, from the start of the launcher to the first 200 on /readyz; the median of ${RESTARTS}, each after an orderly stop.`,
  targets: [
    { figure: 'foldRatio', op: '>=', value: 0.8 },
    { figure: 'verifiedRatio', op: '>=', value: 0.4 },
    { figure: 'readModelRatio', op: '>=', value: 0.3 },
    { figure: 'restartMs', op: '<=', value: 2_000 },
  ],
  async run() {
    const folder = await temporaryFolder('baton-bench-replay-');
    try {
      const store = join(folder.path, 'nats');
      const figures = await onServer(store, (server) => measured(server));
      return { ...figures, restartMs: await restart(store) };
    } finally {
      await folder.cleanup();
    }
  },
};

async function onServer<T>(store: string, work: (server: PrivateServer) => Promise<T>): Promise<T> {
  const server = await startPrivateServer(natsServerBinary(), store);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

async function measured(server: PrivateServer): Promise<Figures> {
  const { connection } = server;
  await openJetStreamEventStore({ connection, stream: 'EVENTS' });
  await openJetStreamEventStore({ connection, stream: 'JOBS' });
  const events = await writeLongLog(connection, EVENTS);
  note(`${events} events are in the log; reading them`);
  await bareRead(server, events);
  const measures = {
    fold: () => fold(server, events),
    verified: () => verification(server, events),
    readModel: async () => {
      const into = await temporaryFolder('baton-bench-read-models-');
      try {
        return await readModels(server, into.path);
      } finally {
        await into.cleanup();
      }
    },
  };
  const taken: Taken[] = [];
  let before = await bareRead(server, events);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(measures)) {
      const seconds = await measure();
      const after = await bareRead(server, events);
      note(`${name}: ${seconds.toFixed(1)} s, between bare reads of ${before.toFixed(1)} and ${after.toFixed(1)} s`);
      taken.push({ name, seconds, bare: (before + after) / 2 });
      before = after;
    }
  }
  const figures = Object.keys(measures).map((name) => figuresOf(name, taken, events));
  return Object.assign(
    { eventCount: events, bareReadPerSecond: events / median(taken.map(({ bare }) => bare)) },
    ...figures,
  );
}

interface Taken {
  readonly name: string;
  readonly seconds: number;
  /** Seconds, the mean of those before and after it. */
  readonly bare: number;
}

function figuresOf(name: string, all: readonly Taken[], events: number): Figures {
  const taken = all.filter((one) => one.name === name);
  return {
    [`${name}PerSecond`]: events / median(taken.map(({ seconds }) => seconds)),
    [`${name}Ratio`]: median(taken.map(({ seconds, bare }) => bare / seconds)),
  };
}

const median = (values: readonly number[]) => quantile(values, 0.5);

/** The long stream takes the place of the empty one of a fresh installation. */
async function restart(store: string): Promise<number> {
  const { platform, stop } = await startPlatform();
  try {
    await platform.stop();
    const jobs = join('jetstream', '$G', 'streams', 'JOBS');
    await cp(join(store, jobs), join(platform.home, 'nats', jobs), { recursive: true, force: true });
    note('the platform makes its read models and its snapshot');
    await platform.start();
    const times: number[] = [];
    for (let round = 0; round < RESTARTS; round += 1) {
      await platform.stop();
      const startedAt = performance.now();
      const started = platform.start();
      times.push(await untilReady(platform.url, startedAt));
      await started;
    }
    note(`restarts: ${times.map(Math.round).join(', ')} ms`);
    return median(times);
  } finally {
    await stop();
  }
}

async function untilReady(url: string, startedAt: number): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    await response?.text();
    if (response?.ok) return performance.now() - startedAt;
    await sleep(5);
  }
}
