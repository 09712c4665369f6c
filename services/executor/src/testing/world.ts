// A NATS server with its streams, a scheduler's stand-in, and agents as processes of their own, in temporary folders.
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import { type DesiredAttempt, LOGS_STREAM, METRICS_STREAM, type MetricPoint, subjects } from '@baton/contracts';
import { type Bus, connectBus, natsAuthorization } from '@baton/messaging';
import { type NatsServer, removeControlGroups, startNatsServer, temporaryFolder } from '@baton/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProcess, startAgentProcess } from './agent-process.ts';
import { FakeScheduler } from './fake-scheduler.ts';
import { assemble, createStreams, deleteStreams, messagesOf } from './stream-reader.ts';

export interface World {
  readonly nats: NatsServer;
  readonly bus: Bus;
  readonly scheduler: FakeScheduler;
  readonly blobs: BlobStore;
  readonly nodeId: string;
  readonly folder: string;
  /** With more in its environment, and words before its own. */
  startAgent(more?: Record<string, string>, prefix?: readonly string[]): Promise<AgentProcess>;
  attemptFolder(spec: DesiredAttempt): string;
  log(spec: DesiredAttempt, output: 'stdout' | 'stderr'): Promise<Buffer>;
  points(spec: DesiredAttempt): Promise<MetricPoint[]>;
  createStreams(): Promise<void>;
  deleteStreams(): Promise<void>;
  stop(): Promise<void>;
}

const PASSWORD = 'for-tests-only';

export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(13).toString('hex')}`;
}

export function job(command: readonly string[], more: Partial<DesiredAttempt> = {}): DesiredAttempt {
  return {
    jobId: newId('job'),
    attempt: 1,
    want: 'run',
    jobName: 'test',
    ownerId: newId('usr'),
    command: [...command],
    env: {},
    secrets: [],
    code: null,
    datasets: [],
    devices: [{ id: 'cpu-0', kind: 'cpu', index: 0, model: 'CPU slot', memoryBytes: 0 }],
    cpus: 1,
    memoryBytes: 0,
    timeLimitMs: null,
    behind: null,
    graceMs: null,
    earlyStart: false,
    checkpoints: null,
    environment: {},
    ...more,
  };
}

export const shell = (script: string, more: Partial<DesiredAttempt> = {}): DesiredAttempt =>
  job(['sh', '-c', script], more);

export async function startWorld(): Promise<World> {
  const nodeId = newId('nod');
  const [nats, temporary] = await Promise.all([
    startNatsServer({ config: authorization(nodeId) }),
    temporaryFolder('baton-executor-'),
  ]);
  const bus = await connectBus({
    url: nats.url,
    role: 'operator',
    credentials: { user: 'operator', password: PASSWORD },
  });
  const agents: AgentProcess[] = [];
  const manager = await jetstreamManager(bus.connection);
  const agentFolder = join(temporary.path, 'agent');
  mkdirSync(agentFolder);
  writeFileSync(join(temporary.path, 'password'), PASSWORD);
  await createStreams(manager);
  return {
    nats,
    bus,
    nodeId,
    scheduler: new FakeScheduler(bus, nodeId),
    blobs: await openFileBlobStore({ folder: join(temporary.path, 'blobs') }),
    folder: temporary.path,
    async startAgent(more = {}, prefix = []) {
      const environment = { ...agentEnvironment(nats.url, nodeId, temporary.path), ...more };
      const agent = await startAgentProcess(environment, prefix);
      agents.push(agent);
      return agent;
    },
    attemptFolder: (spec) => join(agentFolder, 'attempts', `${spec.jobId}.${spec.attempt}`),
    async log(spec, output) {
      return assemble(await messagesOf(manager, LOGS_STREAM, subjects.log(nodeId, spec.jobId, spec.attempt, output)));
    },
    async points(spec) {
      const found = await messagesOf(manager, METRICS_STREAM, subjects.metric(nodeId, spec.jobId, spec.attempt));
      return found.flatMap((one) => one.json<MetricPoint[]>());
    },
    createStreams: () => createStreams(manager),
    deleteStreams: () => deleteStreams(manager),
    async stop() {
      for (const agent of agents) await agent.stop();
      await bus.close();
      await nats.stop();
      await temporary.cleanup();
      removeControlGroups(nodeId);
    },
  };
}

/** The agent has the permissions that it has in an installation, and no others. */
function authorization(nodeId: string): string {
  const users = [
    { role: 'operator', user: 'operator', password: PASSWORD },
    { role: 'agent', user: 'agent', password: PASSWORD, nodeId },
  ] as const;
  return natsAuthorization(users);
}

function agentEnvironment(natsUrl: string, nodeId: string, folder: string): Record<string, string> {
  return {
    BATON_NATS_URL: natsUrl,
    BATON_NATS_USER: 'agent',
    BATON_NATS_PASSWORD_FILE: join(folder, 'password'),
    BATON_NODE_ID: nodeId,
    BATON_NODE_NAME: 'test-node',
    BATON_AGENT_FOLDER: join(folder, 'agent'),
    BATON_BLOB_FOLDER: join(folder, 'blobs'),
    BATON_API_URL: 'http://127.0.0.1:1',
    BATON_SYNC_MS: '300',
    BATON_GRACE_MS: '400',
  };
}

/** Living processes that carry this attempt's environment, its supervisor among them. */
export function processesOf(spec: DesiredAttempt): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => readText(`/proc/${pid}/environ`).includes(`BATON_JOB_ID=${spec.jobId}\0`)).map(Number);
}

/** The same without the supervisor, which may still be there when the end is told. */
export function membersOf(world: World, spec: DesiredAttempt): number[] {
  return processesOf(spec).filter((pid) => pid !== supervisorOf(world, spec));
}

export function supervisorOf(world: World, spec: DesiredAttempt): number {
  return Number(readText(join(world.attemptFolder(spec), 'run', 'pid')));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export interface ManifestEntry {
  readonly text: string;
  readonly executable?: boolean;
}

/** Stores files and their manifest; gives the manifest's digest. */
export async function storeManifest(
  blobs: BlobStore,
  entries: Readonly<Record<string, ManifestEntry>>,
): Promise<string> {
  const files = [];
  for (const [path, { text, executable }] of Object.entries(entries)) {
    const { digest, sizeBytes } = await blobs.put(Buffer.from(text));
    files.push({ path, digest, sizeBytes, ...(executable === true ? { executable } : {}) });
  }
  return (await blobs.put(Buffer.from(JSON.stringify({ files })))).digest;
}
