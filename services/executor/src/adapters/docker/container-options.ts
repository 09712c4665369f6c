// An attempt's container: what it sees of the node, what it may use, and what it may do. Nothing more than it needs.
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import type { Launch } from '../../app/ports.ts';
import { attemptName } from '../../domain/journal.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import type { Tools } from '../files/tools.ts';
import type { FoundImage } from './images.ts';

export interface ContainerPlan {
  readonly launch: Launch;
  readonly image: FoundImage;
  readonly nodeId: string;
  readonly paths: StatePaths;
  readonly tools: Pick<Tools, 'folder' | 'container' | 'waiter'>;
  /** `uid:gid`, never root. */
  readonly user: string;
}

/** By which an agent finds its containers again. */
export const NODE_LABEL = 'baton.node';
export const ATTEMPT_LABEL = 'baton.attempt';
const JOB_LABEL = 'baton.job';

/** Enough for the threads of any training, too few for a fork bomb to matter. */
const MAX_PIDS = 32_768;
const SMALLEST_CPUS = 0.01;
const NANO = 1e9;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function containerName(name: string): string {
  return `baton-${name}`;
}

export function containerOptions(plan: ContainerPlan): ContainerCreateOptions & { readonly name: string } {
  const { launch, image, nodeId, paths, tools, user } = plan;
  const { key, command } = launch;
  const { work, root } = paths.attempt(key);
  return {
    name: containerName(attemptName(key)),
    Image: image.id,
    Entrypoint: ['/bin/sh', tools.container, tools.waiter, root],
    Cmd: [...command],
    Env: Object.entries(environmentOf(plan)).map(([name, value]) => `${name}=${value}`),
    WorkingDir: work,
    User: user,
    // Whoever stops it by docker's own means ends it at once: its first process has nobody to pass another signal on to.
    StopSignal: 'SIGKILL',
    Labels: { [NODE_LABEL]: nodeId, [JOB_LABEL]: key.jobId, [ATTEMPT_LABEL]: attemptName(key) },
    HostConfig: { ...limitsOf(launch), ...confinement(launch), Mounts: mountsOf(plan) },
  };
}

function environmentOf({ launch, image, paths }: ContainerPlan): Record<string, string> {
  const { env, early, key } = launch;
  const { taken } = paths.attempt(key);
  const own = Object.fromEntries(
    image.env.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
  );
  return {
    // The user's number has no name in the image: what asks for one finds this.
    USER: 'baton',
    ...env,
    PATH: [env['PATH'], own['PATH'] ?? DEFAULT_PATH].filter(Boolean).join(':'),
    PYTHONPATH: [env['PYTHONPATH'], own['PYTHONPATH']].filter(Boolean).join(':'),
    ...(early ? { BATON_TAKE_FD: '3', BATON_TAKEN_FILE: taken } : {}),
  };
}

/** Every path is the same inside as outside: what the environment says of folders is right in both. */
function mountsOf({ launch, paths, tools }: ContainerPlan): MountSettings[] {
  const { key } = launch;
  const { work, output, temporary, signs, datasets, run, inside, root } = paths.attempt(key);
  const outputs = [`${root}/stdout`, `${root}/stderr`];
  const writable = [work, output, temporary, signs, ...outputs, paths.checkpoints(key.jobId)];
  return [
    ...writable.map((path) => mount(path, path, false)),
    mount(inside.root, run, false),
    mount(datasets, datasets, true),
    mount(tools.folder, tools.folder, true),
  ];
}

function mount(from: string, to: string, isReadOnly: boolean): MountSettings {
  return { Type: 'bind', Source: from, Target: to, ReadOnly: isReadOnly };
}

function limitsOf({ limits, environment, devices }: Launch): HostConfig {
  const { cpus, memoryBytes } = limits;
  const { pids, shmSizeBytes } = environment;
  // A container's devices are chosen when it is made, and which of its pool come free is not known then: it is given all of them, and
  // CUDA_VISIBLE_DEVICES, which comes with the word to go, names its own. As with processes, that is advisory.
  const gpus = devices.filter((id) => !id.startsWith('cpu-'));
  return {
    PidsLimit: pids ?? MAX_PIDS,
    ...(cpus > 0 ? { NanoCpus: Math.round(Math.max(cpus, SMALLEST_CPUS) * NANO) } : {}),
    // The same with swap: none.
    ...(memoryBytes > 0 ? { Memory: memoryBytes, MemorySwap: memoryBytes } : {}),
    ...(shmSizeBytes === undefined ? {} : { ShmSize: shmSizeBytes }),
    ...(gpus.length === 0 ? {} : { DeviceRequests: [{ Driver: '', DeviceIDs: gpus, Capabilities: [['gpu']] }] }),
  };
}

function confinement({ environment }: Launch): HostConfig {
  return {
    NetworkMode: environment.network ?? 'none',
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    AutoRemove: false,
    RestartPolicy: { Name: 'no' },
    // What the job writes goes to its own files; this has what the first process says before it can.
    LogConfig: { Type: 'json-file', Config: { 'max-size': '64k', 'max-file': '1' } },
  };
}
