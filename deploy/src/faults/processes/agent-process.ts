// One agent: the platform's own parts, put together as its module does, on the simulation's edges.
import type { DesiredSet, NodeDescription } from '@baton/contracts';
import {
  CardWatch,
  ChunkBuffers,
  DeviceLine,
  Executor,
  type ExecutorParts,
  FactSender,
  HandOffPause,
  Journal,
  type SchedulerLink,
  type SecretValues,
  SyncLoop,
  UsageSampler,
  type Workspaces,
} from '@baton/executor/core';
import type { Breakage } from '../breakage.ts';
import type { Calls } from '../edges/calls.ts';
import type { JobProcesses } from '../edges/job-processes.ts';
import type { JournalDisk } from '../edges/journal-disk.ts';
import { simulatedRuntime } from '../edges/process-runtime.ts';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';

const CALL_MS = 5_000;
const SYNC_MS = 2_000;
const silent = { info: () => {}, warn: () => {}, error: () => {} };

export interface AgentParts {
  readonly kernel: Kernel;
  readonly calls: Calls;
  readonly process: SimulatedProcess;
  readonly nodeId: string;
  readonly description: NodeDescription;
  readonly disk: JournalDisk;
  readonly processes: JobProcesses;
  readonly broken: ReadonlySet<Breakage>;
  readonly onFatal: () => void;
  /** Told of each set that answers a sync. */
  readonly onAnswer: (set: DesiredSet) => void;
}

export interface AgentProcess {
  readonly process: SimulatedProcess;
  readonly journal: Journal;
  /** What a push brings. */
  accept(payload: unknown): void;
  connected(): void;
}

export function startAgent(parts: AgentParts): AgentProcess {
  const { kernel, process, disk, onFatal } = parts;
  const pause = new HandOffPause();
  const journal = new Journal(disk.storeOf(process), disk.read(), pause);
  const accepted = withoutGuards(journal, parts.broken);
  const link = linkOf(parts, accepted);
  const renew = (untilMs: number) => parts.processes.renewLease(untilMs);
  const lease = { renew, need: () => {}, monotonic: () => kernel.now };
  const executor = new Executor({ ...edgesOf(parts), journal, pause, link, lease, onFatal });
  const sender = new FactSender({ journal, link, reporter: silent });
  const probe = { describe: async () => parts.description };
  const paces = { everyMs: SYNC_MS, describeMs: 60_000 };
  const sync = new SyncLoop({ link, probe, executor, lease, reporter: silent, ...paces });
  executor.resume();
  for (const loop of [sender.run(), sync.run()]) loop.catch(onFatal);
  return {
    process,
    journal,
    accept: (payload) => executor.accept(accepted(payload as DesiredSet)),
    connected() {
      sender.wake();
      sync.wake();
    },
  };
}

/** Broken on purpose: what the agent would refuse is made to look as it should. */
function withoutGuards(journal: Journal, broken: ReadonlySet<Breakage>): (set: DesiredSet) => DesiredSet {
  return (set) => {
    const { installationId, revision } = journal.state;
    return {
      ...set,
      ...(broken.has('set-installation') && installationId !== null ? { installationId } : {}),
      ...(broken.has('set-revision') ? { revision: Math.max(revision, set.revision) } : {}),
    };
  };
}

function linkOf(
  { calls, process, nodeId, onAnswer }: AgentParts,
  accepted: (set: DesiredSet) => DesiredSet,
): SchedulerLink {
  const ask = (operation: string, body: unknown) => calls.call(process, { operation, from: nodeId, body }, CALL_MS);
  return {
    async sync(node, attempts) {
      const set = (await ask('sync', { node, attempts })) as DesiredSet;
      onAnswer(set);
      return accepted(set);
    },
    facts: async (facts) => ((await ask('facts', { facts })) as { acknowledged: number }).acknowledged,
    secrets: async (key) => (await ask('secrets', { jobId: key.jobId, attempt: key.attempt })) as SecretValues,
  };
}

function edgesOf(parts: AgentParts): Omit<ExecutorParts, 'journal' | 'pause' | 'link' | 'lease' | 'onFatal'> {
  const { kernel, process, processes, broken } = parts;
  return {
    line: new DeviceLine(),
    reporter: silent,
    clock: () => kernel.wallClock(process.machine),
    runtime: simulatedRuntime(processes, process, broken),
    cards: new CardWatch({ users: { now: async () => [] }, members: () => [], everyMs: 1_000 }),
    workspaces: workspacesOf(parts),
    artifacts: { collect: async () => ({ artifacts: null, note: null, complete: true }) },
    freePort: async () => 20_000 + Math.floor(kernel.between(0, 10_000)),
    checkpoints: { collect: async () => null },
    checkpointPace: { take: async () => {} },
    files: {
      read: async () => Buffer.alloc(0),
      readInto: async (_key, _output, _offset, buffer) => buffer.subarray(0, 0),
      size: async () => 0,
    },
    progress: {
      loadShipped: async () => 0,
      saveShipped: async () => {},
      loadMetrics: async () => null,
      saveMetrics: async () => {},
    },
    sinks: { publishLog: async () => {}, publishMetrics: async () => {} },
    buffers: new ChunkBuffers(64),
    scratch: new ChunkBuffers(64),
    outputs: { put: async () => ({ digest: '', sizeBytes: 0 }) },
    usage: new UsageSampler({ probe: { sample: async () => new Map() }, everyMs: 10_000, reporter: silent }),
    settings: {
      apiUrl: 'http://127.0.0.1',
      graceMs: 1_000,
      takeLimitMs: 60_000,
      checkpointEveryMs: 300_000,
      basePath: '/usr/bin',
      pathFirst: [],
      pythonPath: '/usr/lib',
    },
  };
}

const SETTLE_MS = 100;
const FOLDERS = { work: '/w', output: '/o', datasets: '/d', checkpoints: '/c', temporary: '/t' };

function workspacesOf({ kernel, process, processes }: AgentParts): Workspaces {
  const pause = (most: number) =>
    new Promise<void>((resolve) => kernel.schedule(process, kernel.between(0, most), resolve));
  return {
    async prepare(_spec, { signal }) {
      await pause(kernel.chance(0.2) ? 2_000 : 50);
      signal.throwIfAborted();
      return { folders: FOLDERS, pathFirst: [], virtualEnvironment: null };
    },
    release: () => pause(5),
    keepSecrets: () => pause(5),
    secrets: async () => [],
    async settle(key) {
      await new Promise<void>((resolve) => kernel.schedule(process, SETTLE_MS, resolve));
      processes.settle(key);
    },
    remove: () => pause(20),
  };
}
