// How the contract gets its stores.
import type { PipelinedEventStore } from '../stream-writer.ts';

/** An empty store; called anew in each test. */
export type MakeStore = (stream: 'EVENTS' | 'JOBS') => Promise<PipelinedEventStore>;
