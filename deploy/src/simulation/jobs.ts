// The jobs of a trace as the simulation takes them.
import { twentiethsOf } from '@baton/contracts';
import type { EngineShape, SimulatedJob } from '@baton/scheduler';
import { type Limits, limitsOf } from './limits.ts';
import { badRows } from './trace/faults.ts';
import type { TraceJob } from './trace/trace-job.ts';

export interface JobOptions {
  readonly file: string;
  readonly gpusPerNode: number;
  readonly limits: Limits;
  readonly seed: number;
  readonly classes: readonly string[];
  readonly defaultClass: string;
}

/** A job whose limit is below its run time is stopped at the limit, as it would be. */
export function simulatedJobs(trace: readonly TraceJob[], options: JobOptions): readonly SimulatedJob[] {
  const { file, gpusPerNode, limits, seed, classes, defaultClass } = options;
  const strangers = trace.filter(({ className }) => className !== null && !classes.includes(className));
  if (strangers.length > 0) {
    const text = `is no class of the policy, which has ${classes.join(', ')}`;
    throw badRows(
      file,
      strangers.map(({ line, className }) => ({ line, text: `${className} ${text}` })),
    );
  }
  const shapes = new Map<number, EngineShape>();
  const limitMs = limitsOf(trace, limits, seed);
  return trace.map((job, index) => {
    const shape = shapes.get(job.gpus) ?? shapeOf(job.gpus, gpusPerNode);
    shapes.set(job.gpus, shape);
    const limit = limitMs[index] ?? null;
    return {
      id: job.id,
      submittedAt: job.submittedAt,
      durationMs: limit === null ? job.durationMs : Math.min(job.durationMs, limit),
      limitMs: limit,
      estimateMs: null,
      owner: { userId: job.user ?? 'everybody', groupId: job.group },
      className: job.className ?? defaultClass,
      shape,
      keepsCheckpoints: true,
    };
  });
}

/** More than a node has: whole nodes. Less than one: a part of one that others share. */
function shapeOf(gpus: number, gpusPerNode: number): EngineShape {
  const twentieths = gpus < 1 ? twentiethsOf(gpus) : null;
  return {
    deviceKind: 'gpu',
    devices: Math.min(Math.ceil(gpus), gpusPerNode),
    ...(twentieths === null ? {} : { twentieths }),
    cpus: 0,
    memoryBytes: 0,
    nodeId: null,
    nodes: Math.ceil(gpus / gpusPerNode),
    inContainer: false,
    gpuModel: null,
    gpuMemoryBytes: 0,
    requiredLabels: {},
    preferredLabels: {},
    exclusive: false,
  };
}
