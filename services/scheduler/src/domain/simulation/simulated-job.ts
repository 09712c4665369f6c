// A job whose run time is known to the simulation, and to the engine only as far as its limit and its estimate say.
import type { EngineShape, Owner, WaitingJob } from '../schedule/engine-model.ts';

export interface SimulatedJob {
  readonly id: string;
  readonly submittedAt: number;
  /** How long it computes, whatever it is stopped and started again. */
  readonly durationMs: number;
  readonly limitMs: number | null;
  readonly estimateMs: number | null;
  readonly owner: Owner;
  readonly className: string;
  readonly shape: EngineShape;
  readonly keepsCheckpoints: boolean;
  /** What a job that is there already brings with it; `durationMs` is then with what it was served before. */
  readonly present?: Pick<WaitingJob, 'order' | 'nextAttempt' | 'servedMs' | 'graceMs' | 'reservation'>;
  /** It may be placed from then on; absent: from its submission. */
  readonly arrivesAt?: number;
}

export interface Outcome {
  readonly job: SimulatedJob;
  readonly firstStartedAt: number;
  readonly endedAt: number;
  /** How long it held its devices: its run time, and the cost of each restart. */
  readonly heldMs: number;
  readonly restarts: number;
}
