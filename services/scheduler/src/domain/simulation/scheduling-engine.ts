// What the simulation drives: the engine, fed with facts and asked for plans, as the leader drives it.
import type { Booking, EngineNode, Plan, RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';

export interface SchedulingEngine {
  putNode(node: EngineNode): void;
  setBookings(bookings: readonly Booking[]): void;
  /** New, or changed: again in the queue, or with a reservation. */
  queue(job: WaitingJob): void;
  /** It has been assigned, or has begun, or stands in line; not in the queue any more. */
  place(attempt: RunningAttempt, now: number): void;
  /** Its devices are free. */
  release(jobId: string, now: number): void;
  /** A job with such a limit has come to its end after so long on its devices. */
  learn(limitMs: number, ranMs: number): void;
  plan(now: number): Plan;
}
