// Replays of traces, for the benchmarks.
export { alikeNodes } from './cluster.ts';
export type { Limits } from './limits.ts';
export { POLICIES, type PolicyName } from './policies.ts';
export { replay, type Replay, type ReplayOptions } from './replay.ts';
export { readTrace } from './trace/read-trace.ts';
export type { TraceJob } from './trace/trace-job.ts';
