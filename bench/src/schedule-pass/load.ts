// Many users' jobs of many shapes: nodes that are full, so many queued, and from then on as many arriving as are done with.
import { type EngineShape, random, type SimulatedJob } from '@baton/deploy/simulation';

export const NODES = 1_000;
export const GPUS_PER_NODE = 8;
const USERS = 200;
const GROUPS = 20;
const GIB = 2 ** 30;
const HOUR_MS = 3_600_000;
const MEAN_HOURS = 4;

/** Of all jobs, so many ask for so many GPUs; above eight on several nodes. */
const SIZES = [
  [0.55, 1],
  [0.15, 2],
  [0.15, 4],
  [0.12, 8],
  [0.02, 16],
  [0.01, 32],
] as const;
const MEAN_GPUS = SIZES.reduce((sum, [share, gpus]) => sum + share * gpus, 0);
/** Of all jobs, those on one node. */
const ONE_NODE = SIZES.filter(([, gpus]) => gpus <= GPUS_PER_NODE).reduce((sum, [share]) => sum + share, 0);
/** So many of them are there before the queue, and fill the nodes. */
const FIRST = 4_500;
/** Per GPU. */
const MEMORY = [8 * GIB, 32 * GIB, 64 * GIB] as const;
const CPUS = [2, 8] as const;

export interface LoadSize {
  readonly queued: number;
  /** Arrivals after the start. */
  readonly arriving: number;
  /** All that happens does so at multiples of this; 1 if absent. */
  readonly stepMs?: number;
}

/** How long it takes until so many have arrived. */
export function spanMs(arriving: number): number {
  return (arriving * MEAN_GPUS * MEAN_HOURS * HOUR_MS) / (NODES * GPUS_PER_NODE);
}

/** Those that are queued come one millisecond after those that fill the nodes. */
export function jobsOf({ queued, arriving, stepMs = 1 }: LoadSize, seed: number): readonly SimulatedJob[] {
  const next = random(seed);
  const inSteps = (ms: number) => Math.ceil(ms / stepMs) * stepMs;
  const shapes = new Map<string, EngineShape>();
  const lastAt = spanMs(arriving);
  return Array.from({ length: FIRST + queued + arriving }, (_, index) => {
    const user = Math.floor(next() * USERS);
    const shape = shapeOf(sizeOf(index < FIRST ? next() * ONE_NODE : next()), next);
    const key = `${shape.devices} ${shape.nodes} ${shape.cpus} ${shape.memoryBytes}`;
    if (!shapes.has(key)) shapes.set(key, shape);
    const durationMs = inSteps(-Math.log(1 - next()) * MEAN_HOURS * HOUR_MS);
    return {
      id: `job-${index}`,
      submittedAt: index < FIRST ? 0 : inSteps(Math.max(1, ((index - FIRST - queued + next()) / arriving) * lastAt)),
      durationMs,
      limitMs: Math.max(1_000, Math.round(durationMs * (1 + 4 * next()))),
      estimateMs: null,
      owner: { userId: `user-${user}`, groupId: `group-${user % GROUPS}` },
      className: 'normal',
      shape: shapes.get(key) ?? shape,
      keepsCheckpoints: false,
    };
  });
}

function shapeOf(gpus: number, next: () => number): EngineShape {
  const perGpu = {
    memory: MEMORY[Math.floor(next() * MEMORY.length)] ?? 0,
    cpus: CPUS[Math.floor(next() * CPUS.length)] ?? 0,
  };
  const devices = Math.min(gpus, GPUS_PER_NODE);
  return {
    deviceKind: 'gpu',
    devices,
    cpus: devices * perGpu.cpus,
    memoryBytes: devices * perGpu.memory,
    nodeId: null,
    nodes: Math.ceil(gpus / GPUS_PER_NODE),
    inContainer: false,
    gpuModel: null,
    gpuMemoryBytes: 0,
    requiredLabels: {},
    preferredLabels: {},
    exclusive: false,
  };
}

function sizeOf(at: number): number {
  let sum = 0;
  for (const [share, gpus] of SIZES) {
    sum += share;
    if (at < sum) return gpus;
  }
  return 1;
}
