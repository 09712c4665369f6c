// Wires the agent: its ports to files, processes and NATS.
import { type BlobStore, openFileBlobStore, openHttpBlobStore } from '@baton/blob-store';
import type { BusOptions } from '@baton/messaging';
import { pino } from 'pino';
import { writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { BusLink } from './adapters/bus/bus-link.ts';
import { StreamSinks } from './adapters/bus/stream-sinks.ts';
import { ArtifactCollector } from './adapters/files/artifact-collector.ts';
import { StatePaths } from './adapters/files/attempt-paths.ts';
import { CheckpointFolders } from './adapters/files/checkpoints.ts';
import { JournalFile } from './adapters/files/journal-file.ts';
import { LeaseFile } from './adapters/files/lease-file.ts';
import { AttemptOutputFiles } from './adapters/files/output-files.ts';
import { RunningCount } from './adapters/files/running-count.ts';
import { ProgressFiles } from './adapters/files/progress-files.ts';
import { copyTools, type Tools } from './adapters/files/tools.ts';
import { RuntimesProbe } from './adapters/docker/docker-socket.ts';
import { HttpBlobSource } from './adapters/http/http-blob-source.ts';
import { lockAgentFolder } from './adapters/node/agent-lock.ts';
import { addressTowards, freePort } from './adapters/node/own-address.ts';
import { ServerProbe } from './adapters/node/node-probe.ts';
import { membersOf } from './adapters/process/attempt-processes.ts';
import { Cgroups } from './adapters/process/cgroups.ts';
import { findOnPath } from './adapters/process/find-command.ts';
import { bootId } from './adapters/process/proc.ts';
import { JobUser } from './adapters/process/job-user.ts';
import { ServerCardUsers } from './adapters/usage/card-users.ts';
import { ServerUsage } from './adapters/usage/server-usage.ts';
import { FileBlobSource } from './adapters/staging/file-blob-source.ts';
import { CardWatch } from './app/card-watch.ts';
import { ChunkBuffers } from './app/chunk-buffers.ts';
import type { BlobSource } from './app/blob-source.ts';
import { DeviceLine } from './app/device-line.ts';
import { Executor } from './app/executor.ts';
import { FactSender } from './app/fact-sender.ts';
import { HandOffPause } from './app/hand-off-pause.ts';
import { Journal } from './app/journal.ts';
import type { Reporter } from './app/ports.ts';
import { SyncLoop } from './app/sync-loop.ts';
import { UsageSampler } from './app/usage-sampler.ts';
import type { AgentConfig, BlobPlace } from './config.ts';
import { runningAttempts } from './domain/running-attempts.ts';
import { openRuntimes } from './runtimes.module.ts';
import { openWorkspaces } from './workspaces.module.ts';

const AGENT_VERSION = '0.1.0';
const CHECKPOINTS_UNUSED_MS = 7 * 86_400_000;
const SWEEP_MS = 6 * 3_600_000;

export interface Agent {
  /** Stops the agent; its jobs go on. */
  close(): Promise<void>;
  /** Stops every job, as a cancellation, and then the agent. */
  closeWithJobs(): Promise<void>;
}

/** `onFatal` is told when the agent can't go on, for instance when its journal can't be written. */
export async function startAgent(config: AgentConfig, onFatal: (error: unknown) => void): Promise<Agent> {
  await mkdir(config.folder, { recursive: true, mode: 0o700 });
  const lock = await lockAgentFolder(config.folder);
  const paths = new StatePaths(config.folder);
  const { file, state } = await JournalFile.open(paths.journal);
  const reporter = reporterOf(config);
  const pause = new HandOffPause();
  const journal = new Journal(file, state, pause);
  countRunning(journal, paths);
  const link = new BusLink({ bus: busOptions(config, reporter), nodeId: config.nodeId, reporter });
  const cgroups = config.controlGroups ? Cgroups.open(config.nodeId) : null;
  const lease = new LeaseFile(paths.lease);
  const executor = await makeExecutor({ config, paths, journal, pause, link, lease, reporter, cgroups }, onFatal);
  const sender = new FactSender({ journal, link, reporter });
  const probe = await probeOf(config);
  const sync = new SyncLoop({
    link,
    probe,
    executor,
    lease,
    reporter,
    everyMs: config.syncMs,
    describeMs: config.describeMs,
  });
  executor.resume();
  const loops = [sender.run(), connectAndSync()];
  for (const loop of loops) loop.catch(onFatal);

  async function connectAndSync(): Promise<void> {
    const onConnected = () => {
      sender.wake();
      sync.wake();
    };
    await link.connect({ onDesired: (payload) => executor.accept(payload), onConnected });
    await sync.run();
  }
  async function close(): Promise<void> {
    executor.close();
    sender.stop();
    sync.stop();
    await link.close();
    await Promise.allSettled(loops);
    await file.close();
    cgroups?.close();
    lock.close();
  }
  return {
    close,
    async closeWithJobs() {
      await executor.stopAll();
      await close();
    },
  };
}

function reporterOf({ logLevel, nodeId }: AgentConfig): Reporter {
  return pino({ level: logLevel, base: { service: 'agent', nodeId } }, { write: writeLogLine });
}

async function probeOf(config: AgentConfig): Promise<ServerProbe> {
  const runtimes = new RuntimesProbe(config.docker.socket);
  return new ServerProbe({
    ...config,
    name: config.nodeName,
    address: config.address ?? (await addressTowards(config.natsUrl)),
    agentVersion: AGENT_VERSION,
    path: config.jobPath,
    runtimes: () => runtimes.names(),
  });
}

function countRunning(journal: Journal, paths: StatePaths): void {
  const count = new RunningCount(paths.running);
  count.update(journal.state);
  journal.onDurable(() => count.update(journal.state));
}

/** A line that can't be written, for instance on a full disk, is lost; pino's own output would end the process. */
function writeLogLine(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // There is nowhere to say so.
  }
}

interface Parts {
  readonly config: AgentConfig;
  readonly paths: StatePaths;
  readonly journal: Journal;
  readonly pause: HandOffPause;
  readonly link: BusLink;
  readonly lease: LeaseFile;
  readonly reporter: Reporter;
  readonly cgroups: Cgroups | null;
}

async function makeExecutor(parts: Parts, onFatal: (error: unknown) => void): Promise<Executor> {
  const { config, paths, journal, pause, link, lease, reporter, cgroups } = parts;
  const setpriv = await findOnPath('setpriv', config.jobPath);
  const tools = await copyTools(paths.tools);
  const jobUser = await openJobUser(parts, tools, setpriv);
  const { blobs, source } = await openBlobs(config.blobs);
  const checkpoints = new CheckpointFolders({ paths, blobs, bootId: bootId(), jobUser });
  sweepRegularly(parts, checkpoints);
  const { workspaces, pace } = await openWorkspaces({ config, paths, source, journal, reporter, checkpoints, jobUser });
  const { apiUrl, graceMs, takeLimitMs, checkpointEveryMs, jobPath } = config;
  return new Executor({
    journal,
    line: new DeviceLine(),
    pause,
    link,
    lease,
    reporter,
    onFatal,
    clock: Date.now,
    runtime: await openRuntimes({ config, paths, tools, journal, reporter, cgroups, setpriv, jobUser }),
    cards: new CardWatch({
      users: new ServerCardUsers(jobPath),
      members: (key, identity) => membersOf(cgroups, key, identity),
      everyMs: config.earlyLookMs,
    }),
    workspaces,
    artifacts: new ArtifactCollector(paths, blobs),
    freePort,
    checkpoints,
    checkpointPace: pace,
    files: new AttemptOutputFiles(paths),
    progress: new ProgressFiles(paths),
    sinks: new StreamSinks({ nodeId: config.nodeId, bus: () => link.bus }),
    buffers: new ChunkBuffers(),
    scratch: new ChunkBuffers(),
    outputs: blobs,
    usage: new UsageSampler({
      probe: new ServerUsage({ running: () => runningAttempts(journal.state), path: jobPath }),
      everyMs: config.sampleMs,
      reporter,
    }),
    settings: {
      apiUrl,
      graceMs,
      takeLimitMs,
      checkpointEveryMs,
      basePath: jobPath,
      pathFirst: [tools.bin],
      pythonPath: tools.python,
    },
  });
}

async function openJobUser({ config, paths }: Parts, tools: Tools, setpriv: string | null): Promise<JobUser | null> {
  const { jobUser: user, jobPath: path } = config;
  return user === null ? null : JobUser.open({ user, setpriv, path, paths, tools: tools.folder });
}

/** What a job has left for its next attempt goes when nothing has asked for it for long. */
function sweepRegularly({ journal, reporter }: Parts, checkpoints: CheckpointFolders): void {
  const sweep = () => {
    const inUse = new Set(Object.values(journal.state.attempts).map(({ spec }) => spec.jobId));
    checkpoints.sweep(inUse, CHECKPOINTS_UNUSED_MS).catch((error: unknown) => {
      reporter.warn({ error: String(error) }, 'unused checkpoint folders could not be removed');
    });
  };
  sweep();
  setInterval(sweep, SWEEP_MS).unref();
}

async function openBlobs(place: BlobPlace): Promise<{ readonly blobs: BlobStore; readonly source: BlobSource }> {
  if ('folder' in place) {
    const blobs = await openFileBlobStore(place);
    return { blobs, source: new FileBlobSource(blobs) };
  }
  const blobs = openHttpBlobStore(place);
  return { blobs, source: new HttpBlobSource(blobs) };
}

function busOptions({ natsUrl, nodeId, credentials }: AgentConfig, reporter: Reporter): BusOptions {
  return {
    url: natsUrl,
    role: 'agent',
    nodeId,
    onError: (error, where) => reporter.warn({ error: String(error), where }, 'a message could not be handled'),
    ...(credentials === null ? {} : { credentials }),
  };
}
