// Wiring of the scheduler: what it is given, and in which order it starts.
import { randomUUID } from 'node:crypto';
import { subjects } from '@baton/contracts';
import { commandContext, commandHandler, deriveId, newId } from '@baton/event-store';
import type { Platform } from '@baton/service-host';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Static } from 'typebox';
import { AgentsController } from './adapters/agents.controller.ts';
import { catalogueClient } from './adapters/catalogue-client.ts';
import { JobsController } from './adapters/jobs.controller.ts';
import { openKvLease } from './adapters/kv-lease.ts';
import { openStreamJobLog } from './adapters/stream-job-log.ts';
import { Agents } from './app/agents.ts';
import { Jobs } from './app/jobs.ts';
import { Leader } from './app/leader.ts';
import { Leadership } from './app/leadership.ts';
import { Nodes } from './app/nodes.ts';
import type { Caller, CommandIdentity, Ids } from './app/ports.ts';
import { Queries } from './app/queries.ts';
import type { SchedulerConfig } from './config.ts';
import { nodeDecider } from './domain/node.ts';
import { jobProjection } from './projections/job-document.ts';
import { nodeProjection } from './projections/node-document.ts';

@Module({})
export class SchedulerModule {
  static async on(platform: Platform, config: Static<typeof SchedulerConfig>): Promise<DynamicModule> {
    const { bus, now, report, signal } = platform;
    if (!platform.jobs) throw new Error('the scheduler needs the JOBS stream');
    const log = openStreamJobLog(platform.jobs);
    const lease = await openKvLease({ connection: bus.connection, holder: config.BATON_INSTANCE ?? randomUUID() });
    const catalogue = catalogueClient(bus, () => platform.systemCall());
    const ids = identifiers(platform.secret);
    const nodes: Nodes = new Nodes({
      execute: nodeCommands(platform),
      now,
      report,
      changed: () => leadership.current()?.kick(),
    });
    for await (const commit of platform.events.readAll(0, { aggregates: ['node'] })) nodes.restore(commit);
    const leaderPorts = { log, ids, now, report, installationId: platform.installationId };
    const agentLink = { push: (nodeId: string, set: unknown) => bus.publish(subjects.desired(nodeId), set) };
    const newLeader = () => new Leader({ ...leaderPorts, agents: agentLink, nodes: () => nodes.known() });
    const leadership = new Leadership({ lease, newLeader, logLost: () => log.lost(), report });
    const jobs = new Jobs({ leadership, nodes, catalogue, log, ids, now, identify: identifier(platform.secret) });
    const [jobDocuments, nodeDocuments] = await Promise.all([
      platform.project(jobProjection),
      platform.project(nodeProjection),
    ]);
    const queries = new Queries({ jobs: jobDocuments, nodes: nodeDocuments, jobViews: jobs, known: nodes, leadership });
    await begin(leadership, nodes, signal);
    platform.onClose(() => log.close());
    return {
      module: SchedulerModule,
      controllers: [JobsController, AgentsController],
      providers: [
        { provide: Jobs, useValue: jobs },
        { provide: Queries, useValue: queries },
        { provide: Agents, useValue: new Agents({ leadership, nodes, catalogue, now }) },
      ],
    };
  }
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

function nodeCommands(platform: Platform) {
  const { events: store, now } = platform;
  const handler = commandHandler({ store, decider: nodeDecider, aggregate: 'node', now, newId: randomUUID });
  const { principal } = platform.systemCall();
  return async (nodeId: string, command: Parameters<typeof nodeDecider.decide>[0]) => {
    const commandId = randomUUID();
    const context = { commandId, requestHash: '', principal, correlationId: commandId, causationId: commandId };
    return (await handler.execute(nodeId, command, context)).events;
  };
}
