// Starts through the durable log: the scheduler's leader, its ledger and its stream in a real nats-server that syncs each write.
import { randomUUID } from 'node:crypto';
import type { PinnedSpec } from '@baton/contracts';
import { alikeNodes, type JobLog, Leader, POLICIES } from '@baton/deploy/simulation';
import { newId, openJetStreamEventStore, type PipelinedEventStore } from '@baton/event-store';
import { startNatsServer } from '@baton/testkit';
import { connect } from '@nats-io/transport-node';
import type { Figures } from '../benchmark.ts';
import { note } from '../platform.ts';
import { InstantAgents } from './instant-agents.ts';

const NODES = 1_000;
const GPUS_PER_NODE = 8;
const JOBS = 20_000;
const SUBMITTED_AT_ONCE = 256;
const WITHIN_MS = 120_000;

export async function durableStarts(): Promise<Figures> {
  const nats = await startNatsServer();
  const connection = await connect({ servers: nats.url });
  try {
    const store = await openJetStreamEventStore({ connection, stream: 'JOBS', syncAlways: true });
    return await measured(newLog(store));
  } finally {
    await connection.close();
    await nats.stop();
  }
}

interface CountedLog extends JobLog {
  readonly issued: () => number;
}

/** An empty one, written in a pipeline. */
function newLog(store: PipelinedEventStore): CountedLog {
  let issued = 0;
  const writer = store.openWriter({ after: 0 });
  let last: Promise<unknown> = Promise.resolve();
  return {
    async *replay() {},
    issue: (id, commit) => {
      const { position, hash, done } = writer.write({ aggregate: 'job', id }, commit);
      last = done;
      issued += 1;
      return { position, hash, durable: done.then(() => {}) };
    },
    flushed: async () => void (await last),
    confirmed: async () => void (await last),
    issued: () => issued,
    readJob: (id) => store.readAggregate({ aggregate: 'job', id }),
  };
}

async function measured(log: CountedLog): Promise<Figures> {
  let nodes: readonly ReturnType<typeof knownNode>[] = [];
  const cluster = alikeNodes(NODES, GPUS_PER_NODE);
  const agents: InstantAgents = new InstantAgents(cluster, { leader: () => leader, now: Date.now });
  const leader: Leader = new Leader({
    log,
    agents,
    ids: {
      newJobId: () => newId('job'),
      derivedJobId: () => newId('job'),
      memberJobId: () => newId('job'),
      newCommitId: randomUUID,
    },
    policy: () => POLICIES.default.policy,
    bookings: () => [],
    now: Date.now,
    nodes: () => nodes,
    installationId: 'bench',
    report: (error) => {
      throw error;
    },
  });
  await leader.rebuild(0);
  await submit(leader);
  note(`${JOBS} jobs are in the log`);
  nodes = cluster.map(knownNode);
  const filling = await fill(leader, log);
  const turnovers = await turnOver(agents, log);
  leader.stop();
  return { durableStartsPerSecond: filling, durableTurnoversPerSecond: turnovers };
}

/** One pass over empty nodes: a commit for each start, and for each that stands in line. */
async function fill(leader: Leader, log: CountedLog): Promise<number> {
  const before = log.issued();
  const startedAt = performance.now();
  leader.pass();
  await log.flushed();
  const seconds = (performance.now() - startedAt) / 1_000;
  const starts = log.issued() - before;
  note(`${starts} durable starts in ${seconds.toFixed(2)} s`);
  return starts / seconds;
}

/** Until all jobs have ended: commits for the start, for what was started, and for the end of each. */
async function turnOver(agents: InstantAgents, log: CountedLog): Promise<number> {
  const startedAt = performance.now();
  agents.run();
  while (agents.ended < JOBS) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (performance.now() - startedAt > WITHIN_MS)
      throw new Error(`after ${WITHIN_MS} ms, ${agents.ended} of ${JOBS} jobs had ended`);
  }
  await log.flushed();
  const seconds = (performance.now() - startedAt) / 1_000;
  note(`${JOBS} jobs came to their end in ${seconds.toFixed(2)} s`);
  return JOBS / seconds;
}

/** Before there is a node: nothing starts yet. */
async function submit(leader: Leader): Promise<void> {
  const owned = {
    ownerId: newId('user'),
    ownerName: 'bench',
    groupId: null,
    groupName: null,
    visibility: 'private' as const,
  };
  for (let count = 0; count < JOBS; count += SUBMITTED_AT_ONCE) {
    const issued = Array.from({ length: Math.min(SUBMITTED_AT_ONCE, JOBS - count) }, () =>
      leader.execute(
        newId('job'),
        { type: 'Submit', spec: SPEC, owned, rerunOf: null },
        leader.systemIdentity('bench'),
      ),
    );
    await Promise.all(issued.map(({ durable }) => durable));
  }
}

const SPEC: PinnedSpec = {
  name: 'train',
  code: null,
  command: ['true'],
  datasets: [],
  env: {},
  secrets: [],
  resources: { gpus: 1, cpus: 1, memoryBytes: 2 ** 30 },
  nodeId: null,
  timeLimitMs: 3_600_000,
  retries: 0,
  environment: {},
  outputs: { model: null },
  labels: {},
};

function knownNode({ id, description }: ReturnType<typeof alikeNodes>[number]) {
  const state = { phase: 'known' as const, description, reachable: true, cordoned: null, admission: null };
  return { id, state, heard: true };
}
