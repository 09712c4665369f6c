// A real nats-server with the platform's permissions, the scheduler on it, and an agent and a gateway to drive it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  agentRpc,
  type AgentOperation,
  type DesiredSet,
  type Fact,
  type JobSpec,
  type JobView,
  type Principal,
  ROLES,
  schedulerRpc,
  subjects,
  systemPrincipal,
  userRpc,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { newId, openJetStreamEventStore } from '@baton/event-store';
import { type Bus, type CallContext, connectBus, natsAuthorization } from '@baton/messaging';
import { type RunningService, startService } from '@baton/service-host';
import { type NatsServer, startNatsServer, temporaryFolder } from '@baton/testkit';
import { schedulerService } from '../definition.ts';
import { aDescription } from './job-builders.ts';

export const NODE_ID = newId('node');
export const ADA = { id: newId('user'), email: 'ada@example.com' };
export const VISION = { id: newId('group'), name: 'vision' };

export function aUser(change: Partial<Principal> = {}): Principal {
  return { kind: 'user', userId: newId('user'), role: 'user', groups: [], credentialId: 'test', ...change };
}

export function by(principal: Principal, meta: Partial<CallContext['meta']> = {}): CallContext {
  return { principal, meta: { requestId: 'test', ...meta } };
}

export interface World {
  readonly nats: NatsServer;
  readonly gateway: Bus;
  readonly agent: FakeAgent;
  /** Where the scheduler writes which agents have joined. */
  readonly keysFile: string;
  /** With which another scheduler can be started beside it, but for its read store. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the log has of a node. */
  nodeCommits(id: string): Promise<unknown[]>;
  /** Every job so far, reruns among them. */
  readonly submitted: Set<string>;
  restartScheduler(options?: { dropReadStore?: boolean }): Promise<void>;
  submit(context: CallContext, spec: Partial<JobSpec>): Promise<{ id: string; revision: number }>;
  job(context: CallContext, id: string, waitForRevision?: number): Promise<JobView>;
  stop(): Promise<void>;
}

async function commitsOf(operator: Bus, id: string): Promise<unknown[]> {
  const { connection } = operator;
  const store = await openJetStreamEventStore({ connection, stream: 'EVENTS', syncAlways: true, hasRoom: () => true });
  const commits = await store.readAggregate({ aggregate: 'node', id });
  await operator.close();
  return commits;
}

export async function startWorld(): Promise<World> {
  const folder = await temporaryFolder('baton-scheduler-');
  const users = ROLES.map((role) => ({
    role,
    user: role,
    password: `pass-${role}`,
    ...(role === 'agent' ? { nodeId: NODE_ID } : {}),
  }));
  const nats = await startNatsServer({ config: natsAuthorization(users) });
  const connect = (role: 'gateway' | 'user' | 'agent' | 'operator') =>
    connectBus({
      url: nats.url,
      role,
      credentials: { user: role, password: `pass-${role}` },
      ...(role === 'agent' ? { nodeId: NODE_ID } : {}),
    });
  await writeFile(join(folder.path, 'secret'), 'installation secret');
  await writeFile(join(folder.path, 'password'), 'pass-scheduler');
  const submitted = new Set<string>();
  let generation = 0;
  const start = () => startScheduler(nats, folder.path, generation);
  let scheduler = await start();
  const [gateway, user, agentBus] = await Promise.all([connect('gateway'), connect('user'), connect('agent')]);
  answerUsers(user);
  await user.connection.flush();
  return {
    nats,
    gateway,
    agent: new FakeAgent(agentBus),
    keysFile: join(folder.path, 'agents.json'),
    environment: environmentOf(nats, folder.path),
    nodeCommits: async (id) => commitsOf(await connect('operator'), id),
    restartScheduler: async ({ dropReadStore = false } = {}) => {
      await scheduler.close();
      if (dropReadStore) generation += 1;
      scheduler = await start();
    },
    submitted,
    submit: async (context, spec) => {
      const accepted = await gateway.call(schedulerRpc.submit, context, { command: ['true'], ...spec });
      submitted.add(accepted.id);
      return accepted;
    },
    job: (context, id, waitForRevision) =>
      gateway.call(
        schedulerRpc.getJob,
        { ...context, meta: { ...context.meta, ...(waitForRevision === undefined ? {} : { waitForRevision }) } },
        { id },
      ),
    stop: async () => {
      await Promise.all([gateway.close(), user.close(), agentBus.close()]);
      await scheduler.close();
      await nats.stop();
      await folder.cleanup();
    },
  };
}

/** As the user service does, which knows one user and one group. */
function answerUsers(user: Bus): void {
  user.handle(userRpc.getUser, async ({ body: { id } }) => {
    if (id !== ADA.id && id !== ADA.email) throw new PlatformError('not_found', 'There is no such user.');
    return {
      ...ADA,
      revision: 1,
      createdAt: 1,
      updatedAt: 1,
      name: 'Ada',
      role: 'user' as const,
      disabled: false,
      erased: false,
    };
  });
  user.handle(userRpc.issueJobToken, async ({ body }) => ({ token: `token of ${body.jobId}` }));
  user.handle(userRpc.missingSecrets, async ({ body }) => ({ missing: body.names.filter((name) => name !== 'KEY') }));
  user.handle(userRpc.resolveSecrets, async () => ({ values: { KEY: 'value' } }));
  user.handle(userRpc.resolveGroup, async ({ principal, body: { ref } }) => {
    if ((ref !== VISION.name && ref !== VISION.id) || !principal.groups.includes(VISION.id))
      throw new PlatformError('not_found', `There is no group "${ref}".`);
    return { groupId: VISION.id, groupName: VISION.name };
  });
}

async function startScheduler(nats: NatsServer, folder: string, generation: number): Promise<RunningService> {
  const read = join(folder, `read-${generation}`);
  await mkdir(read, { recursive: true });
  return startService(schedulerService, {
    ...environmentOf(nats, folder),
    BATON_READ_STORE: `sqlite:${read}`,
    BATON_INSTANCE: 'test',
    BATON_AGENT_KEYS_FILE: join(folder, 'agents.json'),
  });
}

function environmentOf(nats: NatsServer, folder: string): Record<string, string> {
  return {
    BATON_NATS_URL: nats.url,
    BATON_NATS_USER: 'scheduler',
    BATON_NATS_PASSWORD_FILE: join(folder, 'password'),
    BATON_SECRET_FILE: join(folder, 'secret'),
    BATON_LOG_LEVEL: 'error',
  };
}

/** Speaks the agent's protocol and runs nothing. */
export class FakeAgent {
  readonly bus: Bus;
  readonly pushed: DesiredSet[] = [];
  slots = { cpu: 1, gpu: 0 };
  held: { jobId: string; attempt: number; phase: string; progress?: string }[] = [];
  #seq = 0;

  constructor(bus: Bus) {
    this.bus = bus;
    bus.subscribe(subjects.desired(NODE_ID), (set) => this.pushed.push(set as DesiredSet));
  }

  #call() {
    return {
      context: by(systemPrincipal(`agent:${NODE_ID}`)),
      options: (operation: AgentOperation) => ({ subject: subjects.agentRpc(NODE_ID, operation) }),
    };
  }

  sync(): Promise<DesiredSet> {
    const { context, options } = this.#call();
    return this.bus.call(
      agentRpc.sync,
      context,
      { node: aDescription('box', this.slots), attempts: this.held },
      options('sync'),
    );
  }

  async tell(
    ...facts: (Record<string, unknown> & { type: Fact['type']; jobId: string; attempt: number })[]
  ): Promise<void> {
    const { context, options } = this.#call();
    const numbered = facts.map((fact) => ({ at: 1, ...fact, seq: (this.#seq += 1) }) as Fact);
    await this.bus.call(agentRpc.facts, context, { facts: numbered }, options('facts'));
  }

  secrets(jobId: string, attempt: number) {
    const { context, options } = this.#call();
    return this.bus.call(agentRpc.secrets, context, { jobId, attempt }, options('secrets'));
  }

  ended(jobId: string, attempt: number, exitCode = 0) {
    const base = {
      reason: 'exited',
      signal: null,
      message: `exited with ${exitCode}`,
      lastLines: [],
      finalMetrics: {},
    };
    return {
      type: 'ended' as const,
      jobId,
      attempt,
      result: { ...base, exitCode, artifacts: null, startedAt: 1, endedAt: 2 },
    };
  }
}
