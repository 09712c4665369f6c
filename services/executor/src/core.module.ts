// The parts of the agent that decide, without the process around them: a simulation puts them among edges of its own.
export { CardWatch } from './app/card-watch.ts';
export { ChunkBuffers } from './app/chunk-buffers.ts';
export { DeviceLine } from './app/device-line.ts';
export { Executor, type ExecutorParts } from './app/executor.ts';
export { FactSender } from './app/fact-sender.ts';
export { HandOffPause } from './app/hand-off-pause.ts';
export { Journal } from './app/journal.ts';
export type {
  Grant,
  JournalStore,
  Launch,
  ReportedAttempt,
  Runtime,
  SchedulerLink,
  SecretValues,
  Workspaces,
} from './app/ports.ts';
export { SyncLoop } from './app/sync-loop.ts';
export { UsageSampler } from './app/usage-sampler.ts';
export {
  type AttemptKey,
  attemptName,
  emptyJournal,
  evolve,
  type JournalEntry,
  type JournalState,
  type ProcessIdentity,
} from './domain/journal.ts';
export type { ProcessEnd } from './domain/outcome.ts';
