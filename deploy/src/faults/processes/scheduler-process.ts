// One scheduler: the platform's own parts, put together as its module does, on the simulation's edges.
import {
  DEFAULT_POLICY,
  type Fact,
  type JobSpec,
  type NodeDescription,
  type Policy,
  systemPrincipal,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { commandContext, commandHandler, deriveId } from '@baton/event-store';
import {
  Agents,
  type Caller,
  type Catalogue,
  type CommandIdentity,
  followLog,
  type Ids,
  Jobs,
  KvLease,
  Leader,
  Leadership,
  NodeLeases,
  nodeDecider,
  Nodes,
  openStreamJobLog,
  StagingProgress,
  Submissions,
} from '@baton/scheduler/core';
import type { Calls, Question } from '../edges/calls.ts';
import { simulatedLog } from '../edges/event-log.ts';
import type { NatsServer } from '../edges/nats-server.ts';
import { SimulatedConnection } from '../edges/nats-connection.ts';
import type { Network } from '../edges/network.ts';
import type { Breakage } from '../breakage.ts';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';

export const INSTALLATION = 'installation-a';
const SECRET = 'secret of the simulation';

/** Jobs may be stopped for others after a second, so that it happens. */
const LEASE = { leaseMs: 8_000, marginMs: 3_000 };
/** As if nothing had been promised. */
const NO_MARGIN = { ...LEASE, marginMs: -LEASE.leaseMs };
const POLICY: Policy = { ...DEFAULT_POLICY, preemption: { by: 'class', minRunMs: 1_000 } };

export interface SchedulerParts {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly server: NatsServer;
  readonly calls: Calls;
  readonly process: SimulatedProcess;
  /** Under which name it takes the lease. */
  readonly holder: string;
  readonly broken: ReadonlySet<Breakage>;
  /** What an admin has said of every node. */
  readonly jobsPerDevice: number;
  readonly push: (nodeId: string, set: unknown) => void;
  readonly report: (error: unknown, where: string) => void;
}

export interface SchedulerProcess {
  readonly process: SimulatedProcess;
  readonly connection: SimulatedConnection;
  readonly leadership: Leadership;
}

export function startScheduler(parts: SchedulerParts): SchedulerProcess {
  const { kernel, network, server, process, report, calls } = parts;
  const connection = new SimulatedConnection({ kernel, network, server, process });
  const events = simulatedLog({ connection, stream: 'EVENTS', listen: (told) => listenFrom(parts, told) });
  const log = openStreamJobLog(simulatedLog({ connection, stream: 'JOBS' }));
  const lease = new KvLease(connection.bucket, parts.holder);
  const now = () => kernel.wallClock(process.machine);
  const monotonic = () => kernel.now;
  const newId = counted(process.name);
  const ids = idsOf(newId);
  const nodes: Nodes = new Nodes({
    execute: nodeCommands({ store: events, now, newId }),
    now,
    monotonic,
    report,
    changed: () => leadership.current()?.kick(),
  });
  const newLeader = () =>
    new Leader({
      log,
      ids,
      now,
      report,
      installationId: INSTALLATION,
      nodes: () => nodes.known(),
      policy: () => POLICY,
      bookings: () => [],
      agents: { push: parts.push },
    });
  const leadership: Leadership = new Leadership({ lease, newLeader, logLost: () => log.lost(), report });
  const progress = new StagingProgress();
  const jobs = new Jobs({ leadership, nodes, log, progress, now, identify });
  const classNames = () => POLICY.classes.map(({ name }) => name);
  const submissions = new Submissions({ leadership, nodes, catalogue, log, ids, now, classNames, identify });
  // Output is not part of it.
  const outputPositions = async () => ({ logs: 0, metrics: 0 });
  const leases = new NodeLeases({
    leadership,
    nodes,
    now,
    monotonic,
    outputPositions,
    ...(parts.broken.has('lease-margin') ? NO_MARGIN : LEASE),
    report,
  });
  const agents = new Agents({ leadership, nodes, leases, catalogue, progress, outputPositions, now, monotonic });
  const { signal } = new AbortController();
  // As a standby does, it answers when it knows the nodes.
  void followLog({ events, signal, report }, ['node'], (commit) => nodes.follow(commit)).then(() => {
    void leadership.run(signal);
    nodes.watch(signal);
    leases.watch(signal);
    const share = sharing(nodes, parts.jobsPerDevice);
    calls.serve(process, (question) => answerOf({ agents, jobs, submissions, share, report }, question));
  });
  return { process, connection, leadership };
}

function listenFrom({ network, server, process }: SchedulerParts, told: () => void): void {
  network.toHub(process.machine, () => server.listen(() => network.fromHub(process, told)));
}

interface Served {
  readonly agents: Agents;
  readonly jobs: Jobs;
  readonly submissions: Submissions;
  /** As an admin would, once the node is known. */
  readonly share: (nodeId: string) => Promise<void>;
  readonly report: SchedulerParts['report'];
}

function sharing(nodes: Nodes, jobsPerDevice: number): Served['share'] {
  return async (nodeId) => {
    const state = nodes.state(nodeId);
    if (jobsPerDevice === 1 || state.phase !== 'known' || state.jobsPerDevice === jobsPerDevice) return;
    const caller = { principal: systemPrincipal('admin'), meta: { requestId: `share ${nodeId}` } };
    const command = { type: 'Share', jobsPerDevice, by: 'admin' } as const;
    await nodes.change(nodeId, command, { caller, subject: 'share', body: { nodeId, jobsPerDevice } });
  };
}

export type JobOperation =
  | { readonly operation: 'submit'; readonly spec: JobSpec }
  | { readonly operation: 'cancel' | 'hold' | 'release'; readonly id: string };

async function answerOf(
  { agents, jobs, submissions, share, report }: Served,
  { operation, from, body }: Question,
): Promise<unknown> {
  switch (operation) {
    case 'sync': {
      const { node, attempts } = body as { node: NodeDescription; attempts: { jobId: string; attempt: number }[] };
      const desired = await agents.sync(from, node, attempts);
      await share(from).catch((error: unknown) => report(error, 'sharing'));
      return desired;
    }
    case 'facts':
      return agents.record(from, (body as { facts: Fact[] }).facts);
    case 'secrets':
      return agents.secrets(from, body as { jobId: string; attempt: number });
    case 'command': {
      const { caller, command } = body as { caller: Caller; command: JobOperation };
      if (command.operation === 'submit') return submissions.submit(caller, command.spec);
      return command.operation === 'cancel'
        ? jobs.cancel(caller, command.id, 'It is asked for.')
        : jobs[command.operation](caller, command.id);
    }
    default:
      throw new PlatformError('not_found', `There is no operation ${operation}.`);
  }
}

function counted(name: string): () => string {
  let count = 0;
  return () => `${name}#${(count += 1)}`;
}

function idsOf(newCommitId: () => string): Ids {
  return {
    newJobId: () => deriveId('job', SECRET, newCommitId()),
    derivedJobId: ({ userId }, key) => deriveId('job', SECRET, userId, key),
    memberJobId: (arrayId, index) => deriveId('job', SECRET, arrayId, String(index)),
    newCommitId,
  };
}

function identify({ principal, meta }: Caller, subject: string, body: unknown): CommandIdentity {
  const context = commandContext({ principal, meta, subject, body, secret: SECRET });
  const { commandId, requestHash, correlationId } = context;
  const { userId, credentialId } = principal;
  return { commandId, requestHash, actor: userId, credentialId, correlationId, causationId: correlationId };
}

interface NodeCommandParts {
  readonly store: ReturnType<typeof simulatedLog>;
  readonly now: () => number;
  readonly newId: () => string;
}

function nodeCommands({ store, now, newId }: NodeCommandParts) {
  const handler = commandHandler({ store, decider: nodeDecider, aggregate: 'node', now, newId });
  const principal = systemPrincipal('scheduler');
  return (nodeId: string, command: Parameters<typeof handler.execute>[1]) => {
    const meta = { requestId: newId() };
    const context = commandContext({ principal, meta, subject: command.type, body: null, secret: SECRET });
    return handler.execute(nodeId, command, context);
  };
}

const unasked = (): never => {
  throw new PlatformError('internal', 'The simulation has no catalogue.');
};

const catalogue: Catalogue = {
  resolveCode: unasked,
  resolveDataset: unasked,
  findGroup: unasked,
  mayRegister: async () => true,
  missingSecrets: async () => [],
  resolveSecrets: async () => ({}),
  issueJobToken: async () => 'token',
};
