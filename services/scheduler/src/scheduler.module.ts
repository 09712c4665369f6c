// Wiring of the scheduler: what it is given, and in which order it starts.
import { randomUUID } from 'node:crypto';
import { type NodeEvent, type Policy, subjects } from '@baton/contracts';
import { commandContext, commandHandler, deriveId, newId } from '@baton/event-store';
import type { Platform } from '@baton/service-host';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Static } from 'typebox';
import { AgentKeysFile } from './adapters/agent-keys-file.ts';
import { AgentsController } from './adapters/agents.controller.ts';
import { BookingsController } from './adapters/bookings.controller.ts';
import { catalogueClient } from './adapters/catalogue-client.ts';
import { followLog } from './adapters/follow-log.ts';
import { ForecastController } from './adapters/forecast.controller.ts';
import { GapsController } from './adapters/gaps.controller.ts';
import { JobsController } from './adapters/jobs.controller.ts';
import { type KvLease, openKvLease } from './adapters/kv-lease.ts';
import { nodeSecrets } from './adapters/node-secrets.ts';
import { NodesController } from './adapters/nodes.controller.ts';
import { outputPositions } from './adapters/output-positions.ts';
import { PolicyController } from './adapters/policy.controller.ts';
import { QueueController } from './adapters/queue.controller.ts';
import { RetentionController } from './adapters/retention.controller.ts';
import { openStreamJobLog } from './adapters/stream-job-log.ts';
import { Agents } from './app/agents.ts';
import { BookingAdmin } from './app/booking-admin.ts';
import { Gaps } from './app/gaps.ts';
import { Jobs } from './app/jobs.ts';
import { Leader, type LeaderPorts } from './app/leader.ts';
import { Leadership } from './app/leadership.ts';
import { LEASE_MARGIN_MS, NodeLeases, NODE_LEASE_MS } from './app/node-leases.ts';
import { NodeAdmin, type NodeAdminPorts } from './app/node-admin.ts';
import { type NodePorts, Nodes } from './app/nodes.ts';
import { recordOutage } from './app/outage.ts';
import { PolicyAdmin } from './app/policy-admin.ts';
import type { Caller, CommandIdentity, Ids } from './app/ports.ts';
import { Queries } from './app/queries.ts';
import { RetentionAdmin } from './app/retention/retention-admin.ts';
import { StagingProgress } from './app/staging-progress.ts';
import { Submissions } from './app/submissions.ts';
import type { SchedulerConfig } from './config.ts';
import { nodeDecider } from './domain/node.commands.ts';
import { jobUsageProjection, nodeUsageProjection } from './projections/usage-documents.ts';
import { answers, forecasts } from './queue.module.ts';
import { openReading } from './reading.module.ts';
import { openRules, type Rules, ruleAdmins } from './rules.module.ts';
import { keptSnapshots } from './snapshots.module.ts';

const CONTROLLERS = [
  JobsController,
  NodesController,
  PolicyController,
  BookingsController,
  QueueController,
  ForecastController,
  GapsController,
  RetentionController,
  AgentsController,
];

@Module({})
export class SchedulerModule {
  static async on(platform: Platform, config: Static<typeof SchedulerConfig>): Promise<DynamicModule> {
    const { bus, now, report, signal } = platform;
    if (!platform.jobs) throw new Error('the scheduler needs the JOBS stream');
    const log = openStreamJobLog(platform.jobs);
    const lease = await openKvLease({ connection: bus.connection, holder: config.BATON_INSTANCE ?? randomUUID() });
    const catalogue = catalogueClient(bus, () => platform.systemCall());
    const ids = identifiers(platform.secret);
    const monotonic = () => performance.now();
    const nodes: Nodes = new Nodes({
      execute: nodeCommands(platform),
      now,
      monotonic,
      report,
      changed: () => leadership.current()?.kick(),
    });
    const leaderPorts = { log, ids, now, report, ...fromInstallation(platform, config) };
    const agentLink = { push: (nodeId: string, set: unknown) => bus.publish(subjects.desired(nodeId), set) };
    const planned = () => plannedWith(nodes, rules);
    const newLeader = () => new Leader({ ...leaderPorts, ...planned(), agents: agentLink, forecasts: expected });
    const leadership = new Leadership({ lease, newLeader, logLost: () => log.lost(), report });
    const expected = forecasts(platform, leadership);
    await followAll(platform, nodes, config.BATON_AGENT_KEYS_FILE);
    const rules = await openRules(platform, () => leadership.current()?.kick());
    const progress = new StagingProgress();
    const identify = identifier(platform.secret);
    const jobs = new Jobs({ leadership, nodes, log, progress, now, identify });
    const classNames = () => rules.policies.current().policy.classes.map(({ name }) => name);
    const submissions = new Submissions({ leadership, nodes, catalogue, log, ids, now, classNames, identify });
    const about = { jobViews: jobs, known: nodes, leadership, forecasts: expected, policies: rules.policies };
    const { queries, retention } = await openReading(platform, about, config);
    const admin = nodeAdmin(platform, nodes, leadership);
    const trial = { treatedDifferently: (policy: Policy) => leadership.leader().tryOut(policy) };
    const { policyAdmin, bookingAdmin } = ruleAdmins(platform, rules, nodes, trial);
    const gaps = await gapLedger(platform);
    const leases = watchLeases(platform, { leadership, nodes }, config);
    const told = { catalogue, progress, outputPositions: outputPositions(bus.connection) };
    const agents = new Agents({ leadership, nodes, leases, ...told, now, monotonic });
    noteOutages(platform, { leadership, lease, nodes });
    retention.watch(signal);
    await begin(leadership, nodes, signal);
    platform.onClose(() => log.close());
    return {
      module: SchedulerModule,
      controllers: CONTROLLERS,
      providers: [
        { provide: Jobs, useValue: jobs },
        { provide: Submissions, useValue: submissions },
        { provide: Queries, useValue: queries },
        { provide: NodeAdmin, useValue: admin },
        { provide: PolicyAdmin, useValue: policyAdmin },
        { provide: BookingAdmin, useValue: bookingAdmin },
        { provide: Gaps, useValue: gaps },
        { provide: RetentionAdmin, useValue: retention },
        ...answers(platform, { leadership, nodes, log, progress, forecasts: expected }),
        { provide: Agents, useValue: agents },
      ],
    };
  }
}

function watchLeases(
  { bus, now, report, signal }: Platform,
  { leadership, nodes }: Pick<Led, 'leadership' | 'nodes'>,
  config: Static<typeof SchedulerConfig>,
): NodeLeases {
  const monotonic = () => performance.now();
  const streams = { outputPositions: outputPositions(bus.connection) };
  const leases = new NodeLeases({ leadership, nodes, now, monotonic, ...streams, ...leaseOf(config), report });
  leases.watch(signal);
  return leases;
}

function leaseOf({ BATON_NODE_LEASE_SECONDS: seconds }: Static<typeof SchedulerConfig>) {
  return { leaseMs: seconds === undefined ? NODE_LEASE_MS : Number(seconds) * 1_000, marginMs: LEASE_MARGIN_MS };
}

function fromInstallation(platform: Platform, config: Static<typeof SchedulerConfig>) {
  const restoredAt = Number(config.BATON_RESTORED_AT ?? 0);
  return { installationId: platform.installationId, restoredAt, ...keptSnapshots(platform, config) };
}

/** What a leader plans with, beside jobs; always as it is now. */
function plannedWith(nodes: Nodes, { policies, bookings }: Rules): Pick<LeaderPorts, 'nodes' | 'policy' | 'bookings'> {
  return {
    nodes: () => nodes.known(),
    policy: () => policies.current().policy,
    bookings: (at) => bookings.current(at),
  };
}

/** Resolves when this instance leads, or when it is clear that another one does. */
async function begin(leadership: Leadership, nodes: Nodes, signal: AbortSignal): Promise<void> {
  const leads = new Promise<void>((resolve) => leadership.onLead(() => resolve()));
  void leadership.run(signal);
  nodes.watch(signal);
  await Promise.race([leads, standby()]);
}

/** A scheduler that another one keeps from leading is ready all the same: it answers reads, and waits. */
function standby(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000).unref());
}

function identifiers(secret: string): Ids {
  return {
    newJobId: () => newId('job'),
    derivedJobId: (principal, key) => deriveId('job', secret, principal.userId, key),
    memberJobId: (arrayId, index) => deriveId('job', secret, arrayId, String(index)),
    newCommitId: randomUUID,
  };
}

function identifier(secret: string) {
  return ({ principal, meta }: Caller, subject: string, body: unknown): CommandIdentity => {
    const { commandId, requestHash, correlationId } = commandContext({ principal, meta, subject, body, secret });
    const { userId, credentialId } = principal;
    return { commandId, requestHash, actor: userId, credentialId, correlationId, causationId: correlationId };
  };
}

function nodeCommands(platform: Platform): NodePorts['execute'] {
  const { events: store, now, secret } = platform;
  const handler = commandHandler({ store, decider: nodeDecider, aggregate: 'node', now, newId: randomUUID });
  return (nodeId, command, request) => {
    const { principal, meta } = request?.caller ?? platform.systemCall();
    const { subject, body } = request ?? { subject: command.type, body: null };
    return handler.execute(nodeId, command, commandContext({ principal, meta, subject, body, secret }));
  };
}

function nodeAdmin(platform: Platform, nodes: Nodes, leadership: Leadership): NodeAdmin {
  const { now, report, secret, bus } = platform;
  const newNodeId: NodeAdminPorts['newNodeId'] = ({ userId }, key) =>
    key === undefined ? newId('node') : deriveId('node', secret, userId, key);
  const ports = { nodes, leadership, secrets: nodeSecrets(secret), newNodeId, now, report };
  return new NodeAdmin({ ...ports, outputPositions: outputPositions(bus.connection) });
}

async function gapLedger(platform: Platform): Promise<Gaps> {
  const [jobs, nodes] = await Promise.all([
    platform.project(jobUsageProjection),
    platform.project(nodeUsageProjection),
  ]);
  const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
  return new Gaps({ jobs: jobs.collection, nodes: nodes.collection, now: platform.now, breathe });
}

interface Led {
  readonly leadership: Leadership;
  readonly lease: KvLease;
  readonly nodes: Nodes;
}

function noteOutages(platform: Platform, { leadership, lease, nodes }: Led): void {
  const ports = { execute: nodeCommands(platform), now: platform.now, report: platform.report };
  leadership.onLead(() => {
    const nodeIds = nodes.known().map(({ id }) => id);
    void recordOutage(nodeIds, lease.vacantSince(), ports);
  });
}

/** Resolves when the nodes are as the log has them, and the agents' keys are where nats-server's configuration is made from them. */
async function followAll(platform: Platform, nodes: Nodes, keysPath: string | undefined): Promise<void> {
  const keys = keysPath === undefined ? null : new AgentKeysFile(keysPath);
  let isBehind = true;
  const write = () => keys?.write(nodes.all()).catch((error: unknown) => platform.report(error, "agents' keys"));
  await followLog(platform, ['node'], (commit) => {
    nodes.follow(commit);
    if (!isBehind && commit.events.some(({ type }) => CHANGES_KEYS.has(type))) void write();
  });
  isBehind = false;
  await write();
}

const CHANGES_KEYS: ReadonlySet<string> = new Set(['NodeJoined', 'NodeRemoved'] satisfies NodeEvent['type'][]);
