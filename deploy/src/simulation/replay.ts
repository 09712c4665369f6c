// One trace under one policy: what `npm run simulate` and the benchmarks do.
import { performance } from 'node:perf_hooks';
import type { Policy } from '@baton/contracts';
import { quantile, type SchedulingEngine, simulate, simulationFigures, type SimulationFigures } from '@baton/scheduler';
import { alikeNodes } from './cluster.ts';
import { simulatedJobs } from './jobs.ts';
import type { Limits } from './limits.ts';
import type { TraceJob } from './trace/trace-job.ts';

export interface ReplayOptions {
  /** For messages. */
  readonly file: string;
  readonly trace: readonly TraceJob[];
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** Absent: no jobs share a GPU. */
  readonly jobsPerDevice?: number;
  readonly policy: Policy;
  readonly limits: Limits;
  readonly seed: number;
  readonly restartCostMs: number;
  readonly engine: (policy: Policy) => SchedulingEngine;
}

export interface Replay {
  /** The same for the same options, on any machine. */
  readonly figures: SimulationFigures;
  readonly wallClock: {
    readonly seconds: number;
    readonly passP50Ms: number;
    readonly passP99Ms: number;
  };
}

export function replay(options: ReplayOptions): Replay {
  const { trace, policy, restartCostMs } = options;
  const startedAt = performance.now();
  const nodes = alikeNodes(options.nodes, options.gpusPerNode, options.jobsPerDevice);
  const { classes, defaultClass } = policy;
  const jobs = simulatedJobs(trace, { ...options, classes: classes.map(({ name }) => name), defaultClass });
  const result = simulate(jobs, options.engine(policy), { nodes, restartCostMs, clock: () => performance.now() });
  const passMs = result.passMs.toSorted((a, b) => a - b);
  return {
    figures: simulationFigures(result, nodes),
    wallClock: {
      seconds: (performance.now() - startedAt) / 1_000,
      passP50Ms: quantile(passMs, 0.5),
      passP99Ms: quantile(passMs, 0.99),
    },
  };
}
