// What users ask for in a simulation, from its seed alone.
import type { JobSpec } from '@baton/contracts';
import { type Random, random } from '@baton/scheduler/core';

/** `job`: the ordinal of the submission that it is about. */
export type Request =
  | { readonly at: number; readonly operation: 'submit'; readonly job: number; readonly spec: Work }
  | { readonly at: number; readonly operation: 'cancel' | 'hold' | 'release'; readonly job: number };

/** `after`: ordinals. */
export type Work = Omit<JobSpec, 'after'> & { readonly after?: readonly number[] };

export interface Cluster {
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** Both schedulers call themselves the same, as when a launcher starts one too many. */
  readonly sameHolder: boolean;
  /** Some jobs run by the lease of their node. */
  readonly hasLeases: boolean;
  /** So many jobs with parts may share a device; 1: none, and none asks for a part. */
  readonly jobsPerDevice: number;
}

/** Not those whose scenarios are known by their numbers: they stay what they were. */
const FIRST_SHARING = 200;

function isSharing(seed: number): boolean {
  return seed >= FIRST_SHARING && (seed % 20 === 11 || seed % 20 === 13);
}

const LAST_SUBMISSION_MS = 14_000;
const LAST_REQUEST_MS = 24_000;

export function clusterOf(seed: number): Cluster {
  const chance = random(seed ^ 0x5bd1e995);
  const sizes = { nodes: 2 + Math.floor(chance() * 2), gpusPerNode: 1 + Math.floor(chance() * 2) };
  return { ...sizes, sameHolder: chance() < 0.2, hasLeases: seed % 4 === 1, jobsPerDevice: isSharing(seed) ? 3 : 1 };
}

export function workloadOf(seed: number, { nodes, gpusPerNode, hasLeases, jobsPerDevice }: Cluster): Request[] {
  const chance = random(seed ^ 0x1b873593);
  const losses = random(seed ^ 0x7f4a7c15);
  const onLoss = (): Partial<Work> => (hasLeases && losses() < 0.5 ? { onNodeLoss: 'requeue' } : {});
  const parts = random(seed ^ 0x2545f491);
  const jobs = 4 + Math.floor(chance() * 6);
  const requests: Request[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const at = Math.floor(chance() * LAST_SUBMISSION_MS);
    const whole = { ...workOf(chance, { job, nodes, gpusPerNode }), ...onLoss() };
    const spec = jobsPerDevice > 1 && parts() < 0.7 ? inPart(whole, parts) : whole;
    requests.push({ at, operation: 'submit', job, spec });
    const later = () => at + Math.floor(chance() * (LAST_REQUEST_MS - at));
    if (chance() < 0.25) requests.push({ at: later(), operation: 'cancel', job });
    if (chance() < 0.15) requests.push({ at: later(), operation: 'hold', job });
    if (chance() < 0.1) requests.push({ at: later(), operation: 'release', job });
  }
  return requests.toSorted((one, other) => one.at - other.at);
}

const PARTS = [0.25, 0.4, 0.5, 0.5, 0.75];

/** Of one device of one node. */
function inPart({ nodes: _nodes, ...work }: Work, chance: Random): Work {
  const part = PARTS[Math.floor(chance() * PARTS.length)] ?? 0.5;
  return { ...work, resources: (work.resources?.gpus ?? 0) > 0 ? { gpus: part } : { cpuSlots: part } };
}

function workOf(
  chance: Random,
  { job, nodes, gpusPerNode }: { job: number; nodes: number; gpusPerNode: number },
): Work {
  const runMs = Math.floor(50 + chance() ** 2 * 9_000);
  const exitCode = chance() < 0.2 ? 1 : 0;
  const deaf = chance() < 0.2 ? ['deaf'] : [];
  const gpus = chance() < 0.7 ? 1 + Math.floor(chance() * gpusPerNode) : 0;
  const isGang = chance() < 0.2;
  return {
    name: `job-${job}`,
    command: ['run', String(runMs), String(exitCode), ...deaf],
    ...(gpus > 0 ? { resources: { gpus } } : {}),
    ...(isGang ? { nodes: Math.min(nodes, 2) } : {}),
    ...wishesOf(chance, job),
  };
}

function wishesOf(chance: Random, job: number): Partial<Work> {
  return {
    ...(chance() < 0.3 ? { retries: 1 + Math.floor(chance() * 2) } : {}),
    ...(chance() < 0.15 ? { timeLimit: 1 + Math.floor(chance() * 4) } : {}),
    ...(chance() < 0.15 ? { class: 'urgent' } : {}),
    ...(chance() < 0.4 ? { keepsCheckpoints: true } : {}),
    ...(chance() < 0.1 ? { hold: true } : {}),
    ...(job > 0 && chance() < 0.2 ? { after: [Math.floor(chance() * job)] } : {}),
  };
}
