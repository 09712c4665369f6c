// What a simulation comes to, in figures that are the same for the same jobs, nodes, policy and seed.
import type { EngineNode } from '../schedule/engine-model.ts';
import { allDevices } from '../schedule/engine-shape.ts';
import type { Outcome } from './simulated-job.ts';
import type { SimulationResult } from './simulation.ts';

export interface Distribution {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly worst: number;
}

export interface SimulationFigures {
  readonly jobs: number;
  /** From submission to the end. */
  readonly completionSeconds: Distribution;
  /** Of that, without the devices: before the first start, and between being stopped and going on. */
  readonly waitingSeconds: Distribution;
  /** From the first submission to the last end. */
  readonly makespanSeconds: number;
  /** Of the GPU time in the makespan, what jobs held. */
  readonly utilisationRatio: number;
  readonly preemptions: number;
  readonly passes: number;
}

export function simulationFigures(
  { outcomes, preemptions, passes }: SimulationResult,
  nodes: readonly EngineNode[],
): SimulationFigures {
  const firstAt = outcomes.reduce((least, { job }) => Math.min(least, job.submittedAt), Infinity);
  const lastAt = outcomes.reduce((most, { endedAt }) => Math.max(most, endedAt), firstAt);
  const capacity = nodes.reduce((sum, { description }) => sum + description.devices.length, 0) * (lastAt - firstAt);
  const held = outcomes.reduce((sum, { job, heldMs }) => sum + heldMs * allDevices(job.shape), 0);
  const completion = ({ job, endedAt }: Outcome) => endedAt - job.submittedAt;
  return {
    jobs: outcomes.length,
    completionSeconds: distribution(outcomes.map(completion)),
    waitingSeconds: distribution(outcomes.map((outcome) => completion(outcome) - outcome.heldMs)),
    makespanSeconds: (lastAt - firstAt) / 1_000,
    utilisationRatio: capacity === 0 ? 0 : held / capacity,
    preemptions,
    passes,
  };
}

/** Of milliseconds, in seconds. */
function distribution(valuesMs: readonly number[]): Distribution {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share) / 1_000;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length / 1_000;
  return { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), worst: at(1) };
}

/** The value below which that share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
