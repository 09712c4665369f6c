// The parts of the scheduler that decide, without the process around them: a simulation puts them among edges of its own.
export { followLog, type FollowedLog } from './adapters/follow-log.ts';
export { KvLease, type LeaseBucket } from './adapters/kv-lease.ts';
export { openStreamJobLog, type StreamJobLog } from './adapters/stream-job-log.ts';
export { Agents } from './app/agents.ts';
export { Jobs } from './app/jobs.ts';
export { Leader } from './app/leader.ts';
export { Leadership } from './app/leadership.ts';
export { NodeLeases } from './app/node-leases.ts';
export { Nodes } from './app/nodes.ts';
export type { Caller, Catalogue, CommandIdentity, Ids } from './app/ports.ts';
export { StagingProgress } from './app/staging-progress.ts';
export { Submissions } from './app/submissions.ts';
export { evolveJob, type ExistingJob, initialJob, isPlaced, isTerminal, type JobState, partsOf } from './domain/job.ts';
export { JobLedger } from './domain/ledger.ts';
export { nodeDecider } from './domain/node.commands.ts';
export { type Random, random } from './domain/simulation/random.ts';
