// Loads of ten users on one cluster, of whom one is greedy: everything at once, and more than there is room for.
import { random, type SimulatedJob } from '@baton/deploy/simulation';

export const USERS = 10;
export const GPUS = 64;
export const HORIZON_MS = 24 * 3_600_000;
const GREEDY = 'greedy';
const MINUTE_MS = 60_000;
const SHARE_GPUS = GPUS / USERS;

export interface Load {
  /** What the others ask for, as a part of their share: below 1 they could have it all without waiting long. */
  readonly ordinaryDemand: number;
  /** What the greedy user asks for at the start, as a part of what the cluster does in the whole time. */
  readonly greedyDemand: number;
  readonly greedyJob: (next: () => number) => { readonly gpus: number; readonly durationMs: number };
}

/** 1 to 4 GPUs for 10 to 60 minutes. */
function usual(next: () => number): { gpus: number; durationMs: number } {
  const size = next();
  const gpus = size < 0.6 ? 1 : size < 0.85 ? 2 : 4;
  return { gpus, durationMs: Math.round((10 + 50 * next()) * MINUTE_MS) };
}
const USUAL_GPU_MS = (0.6 + 0.25 * 2 + 0.15 * 4) * 35 * MINUTE_MS;

export const LOADS = {
  /** The greedy user's jobs are like everybody's, only many. */
  flood: { ordinaryDemand: 0.8, greedyDemand: 1, greedyJob: usual },
  /** They are many and tiny. */
  tiny: { ordinaryDemand: 0.8, greedyDemand: 1, greedyJob: () => ({ gpus: 1, durationMs: 5 * MINUTE_MS }) },
  /** They are few, wide and long. */
  wide: { ordinaryDemand: 0.8, greedyDemand: 1, greedyJob: () => ({ gpus: 8, durationMs: 240 * MINUTE_MS }) },
  /** Everybody asks for more than their share. */
  saturated: { ordinaryDemand: 1.5, greedyDemand: 2, greedyJob: usual },
} as const satisfies Readonly<Record<string, Load>>;

/** The others' jobs come all the time, at random. */
export function jobsOf({ ordinaryDemand, greedyDemand, greedyJob }: Load, seed: number): readonly SimulatedJob[] {
  const next = random(seed);
  const jobs: SimulatedJob[] = [];
  const add = (userId: string, submittedAt: number, { gpus, durationMs }: ReturnType<typeof usual>): number => {
    const limitMs = Math.round(durationMs * (1 + 4 * next()));
    jobs.push({
      ...aJob(`${userId}-${jobs.length}`, gpus),
      owner: { userId, groupId: null },
      submittedAt,
      durationMs,
      limitMs,
    });
    return gpus * durationMs;
  };
  for (let asked = 0; asked < greedyDemand * GPUS * HORIZON_MS;) asked += add(GREEDY, 0, greedyJob(next));
  const meanPauseMs = USUAL_GPU_MS / (ordinaryDemand * SHARE_GPUS);
  for (let user = 1; user < USERS; user += 1) {
    const pauseMs = () => -Math.log(1 - next()) * meanPauseMs;
    for (let at = pauseMs(); at < HORIZON_MS; at += pauseMs()) add(`user-${user}`, Math.round(at), usual(next));
  }
  return jobs;
}

function aJob(id: string, gpus: number) {
  return {
    id,
    estimateMs: null,
    className: 'normal',
    keepsCheckpoints: false,
    shape: {
      deviceKind: 'gpu' as const,
      devices: gpus,
      cpus: 0,
      memoryBytes: 0,
      nodeId: null,
      nodes: 1,
      inContainer: false,
      gpuModel: null,
      gpuMemoryBytes: 0,
      requiredLabels: {},
      preferredLabels: {},
      exclusive: false,
    },
  };
}

export function isGreedy({ owner }: SimulatedJob): boolean {
  return owner.userId === GREEDY;
}
