// What a pass plans with: all that the engine knows, to be read; only the cluster is changed, inside a trial.
import type { Policy } from '@baton/contracts';
import type { Ask } from './ask.ts';
import type { Cluster } from './cluster.ts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from './engine-model.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QuotaBook } from './quotas.ts';
import type { OrderView } from './walk-standings.ts';

export interface SchedulingState {
  readonly policy: Policy;
  readonly queueIndex: QueueIndex;
  readonly cluster: Cluster;
  readonly quotas: QuotaBook;
  readonly bookings: readonly Booking[];
  placed(): Iterable<RunningAttempt>;
  placedAttempt(jobId: string): RunningAttempt | undefined;
  node(id: string): EngineNode | undefined;
  nodes(): Iterable<EngineNode>;
  ask(job: WaitingJob): Ask;
  priority(className: string): number;
  orderView(now: number, quotas?: OrderView['quotas']): OrderView;
}
