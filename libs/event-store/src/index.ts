// The event log: its port, the adapters, the command handler, and what commands and names are made of.
export type {
  AggregateRef,
  Appended,
  Commit,
  EventStore,
  Expectation,
  Followed,
  Position,
  ReadOptions,
  RecordedCommit,
  StoredEvent,
  UnreadableCommit,
} from './port.ts';
export { type BatchedReads, readBatches, subscribeBatches } from './batches.ts';
export type { PendingWrite, PipelinedEventStore, StreamWriter, WriterOptions, WriterState } from './stream-writer.ts';
export { memoryEventStore, type MemoryEventStoreOptions } from './memory/memory-event-store.ts';
export { openJetStreamEventStore, type JetStreamOptions } from './jetstream/jetstream-event-store.ts';
export { ensureStream, type StreamOptions } from './jetstream/stream-configuration.ts';
export { keepsWhatItAcknowledges, probeDurability, type DurabilityOptions } from './jetstream/server-version.ts';
export type { LongRead } from './jetstream/long-reads.ts';
export { type StoredStream, storedStream } from './jetstream/stored-messages.ts';
export { checkKnownEvents, checkNewEvents } from './event-schemas.ts';
export { decodeCommit, hashOf, type StoredMessage, verifyChain } from './stored-commit.ts';
export { nameDecider } from './name.ts';
export { connectKurrentDb, type KurrentDbConnection } from './kurrentdb/connection.ts';
export { openKurrentDbEventStore, type KurrentDbOptions } from './kurrentdb/kurrentdb-event-store.ts';
export { canonicalJson } from './canonical-json.ts';
export { deriveId, newId } from './ids.ts';
export { commandContext, type CommandContext, type CommandRequest } from './command-context.ts';
export {
  commandHandler,
  type CommandHandler,
  type CommandHandlerOptions,
  type Execution,
  type Loaded,
} from './command-handler.ts';
export { nameRegistry, type NameRegistry, type NameRegistryOptions, type NameRequest } from './name-registry.ts';
