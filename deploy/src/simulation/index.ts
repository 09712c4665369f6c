// Replays of traces and the engine that they drive, for the benchmarks.
export {
  type EngineNode,
  type EngineShape,
  forecastReplay,
  type JobLog,
  Leader,
  type Outcome,
  random,
  type SchedulingEngine,
  simulate,
  SimulatedNodes,
  type SimulatedJob,
  type TrueJob,
} from '@baton/scheduler';
export { alikeNodes } from './cluster.ts';
export { newEngine } from './engine.ts';
export type { Limits } from './limits.ts';
export { POLICIES, type PolicyName } from './policies.ts';
export { replay, type Replay, type ReplayOptions } from './replay.ts';
export { readTrace } from './trace/read-trace.ts';
export type { TraceJob } from './trace/trace-job.ts';
