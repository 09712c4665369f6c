// Wires the agent: its ports to files, processes and NATS.
import { openFileBlobStore } from '@baton/blob-store';
import type { BusOptions } from '@baton/messaging';
import { pino } from 'pino';
import { writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { BusLink } from './adapters/bus/bus-link.ts';
import { StreamSinks } from './adapters/bus/stream-sinks.ts';
import { ArtifactCollector } from './adapters/files/artifact-collector.ts';
import { StatePaths } from './adapters/files/attempt-paths.ts';
import { JournalFile } from './adapters/files/journal-file.ts';
import { AttemptOutputFiles } from './adapters/files/output-files.ts';
import { RunningCount } from './adapters/files/running-count.ts';
import { ProgressFiles } from './adapters/files/progress-files.ts';
import { AttemptWorkspaces } from './adapters/files/workspace.ts';
import { lockAgentFolder } from './adapters/node/agent-lock.ts';
import { ServerProbe } from './adapters/node/node-probe.ts';
import { findOnPath } from './adapters/process/find-command.ts';
import { ProcessRuntime } from './adapters/process/process-runtime.ts';
import { EnvironmentBuilder } from './adapters/python/environment-builder.ts';
import { Executor } from './app/executor.ts';
import { FactSender } from './app/fact-sender.ts';
import { Journal } from './app/journal.ts';
import type { Reporter } from './app/ports.ts';
import { SyncLoop } from './app/sync-loop.ts';
import type { AgentConfig } from './config.ts';

const AGENT_VERSION = '0.1.0';

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
  const reporter: Reporter = pino(
    { level: config.logLevel, base: { service: 'agent', nodeId: config.nodeId } },
    { write: writeLogLine },
  );
  const journal = new Journal(file, state);
  const count = new RunningCount(paths.running);
  count.update(journal.state);
  journal.onDurable(() => count.update(journal.state));
  const link = new BusLink({ bus: busOptions(config, reporter), nodeId: config.nodeId, reporter });
  const executor = await makeExecutor({ config, paths, journal, link, reporter }, onFatal);
  const sender = new FactSender({ journal, link, reporter });
  const probe = new ServerProbe({
    ...config,
    name: config.nodeName,
    agentVersion: AGENT_VERSION,
    path: config.jobPath,
    reporter,
  });
  const sync = new SyncLoop({ link, probe, executor, reporter, clock: Date.now, everyMs: config.syncMs });
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
  readonly link: BusLink;
  readonly reporter: Reporter;
}

async function makeExecutor(
  { config, paths, journal, link, reporter }: Parts,
  onFatal: (error: unknown) => void,
): Promise<Executor> {
  const blobs = await openFileBlobStore({ folder: config.blobFolder });
  const environments = new EnvironmentBuilder({
    folder: paths.environments,
    python: config.python,
    path: config.jobPath,
  });
  const { apiUrl, graceMs, jobPath } = config;
  return new Executor({
    journal,
    link,
    reporter,
    onFatal,
    clock: Date.now,
    runtime: new ProcessRuntime(paths, await findOnPath('setpriv', jobPath)),
    workspaces: new AttemptWorkspaces({ paths, blobs, environments }),
    artifacts: new ArtifactCollector(paths, blobs),
    files: new AttemptOutputFiles(paths),
    progress: new ProgressFiles(paths),
    sinks: new StreamSinks({ nodeId: config.nodeId, bus: () => link.bus }),
    settings: { apiUrl, graceMs, basePath: jobPath, pathFirst: [] },
  });
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
