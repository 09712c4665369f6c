// What the engine plans with: jobs that wait, attempts that hold or await devices, nodes, bookings, and what it decides.
import type { Behind, Device, NodeDescription, RankPlace, WaitCode } from '@baton/contracts';

/** What a job needs to be placed, on each of its nodes. Jobs of one shape stand or fall together. */
export interface EngineShape {
  readonly deviceKind: Device['kind'];
  readonly devices: number;
  /** Of one device that it shares with others, 1 to 19; absent: it has its devices alone. */
  readonly twentieths?: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly nodeId: string | null;
  readonly nodes: number;
  readonly inContainer: boolean;
  /** Part of the device's model name, without regard to case; null: any. */
  readonly gpuModel: string | null;
  readonly gpuMemoryBytes: number;
  /** The node must have them, with these values. */
  readonly requiredLabels: Readonly<Record<string, string>>;
  /** Among nodes that fit, those with more of them first. */
  readonly preferredLabels: Readonly<Record<string, string>>;
  /** Nothing else runs on its nodes meanwhile. */
  readonly exclusive: boolean;
}

export interface Owner {
  readonly userId: string;
  readonly groupId: string | null;
}

export interface WaitingJob {
  readonly id: string;
  /** Place in the queue: the position of its submission in the log. A retried or preempted job keeps it. */
  readonly order: number;
  readonly submittedAt: number;
  readonly nextAttempt: number;
  readonly owner: Owner;
  readonly className: string;
  readonly shape: EngineShape;
  /** Null: the policy's default counts. */
  readonly limitMs: number | null;
  /** Learned; for the order only, never for promises. */
  readonly estimateMs: number | null;
  /** Of earlier attempts that were kept by checkpoints. */
  readonly servedMs: number;
  /** Between SIGTERM and SIGKILL: its devices may be held so much longer than its limit. */
  readonly graceMs: number;
  /** It keeps checkpoints, and may be stopped and go on later where its class allows it. */
  readonly keepsCheckpoints: boolean;
  /** Set once it has been promised a start. */
  readonly reservation: Reservation | null;
  /** It runs, and is put into a queue on paper to see whether it would still come before those that wait. */
  readonly isRunning?: boolean;
}

/** A promise: on these nodes, not later than `at`. */
export interface Reservation {
  readonly nodeIds: readonly string[];
  readonly at: number;
}

export interface RunningAttempt {
  readonly job: WaitingJob;
  readonly attempt: number;
  /** Place among what is placed on its nodes. */
  readonly placedAt: number;
  /** One for each of its nodes. */
  readonly parts: readonly { readonly nodeId: string; readonly devices: readonly string[] }[];
  /** Null once it has all its devices. */
  readonly waiting: { readonly count: number; readonly pool: readonly string[]; readonly isRevoking: boolean } | null;
  /** When it got its devices; null while it is in line. */
  readonly since: number | null;
  /** Between SIGTERM and SIGKILL: its devices may be held so much longer than its limit. */
  readonly graceMs: number;
  readonly isStopping: boolean;
  /** When it was asked to stop: it holds its devices no longer than its grace from then on. Absent or null: not known. */
  readonly stoppingSince?: number | null;
  /** When its newest checkpoint was stored: work of before is not lost. Absent or null: none was since it began. */
  readonly savedAt?: number | null;
}

export interface EngineNode {
  readonly id: string;
  readonly description: NodeDescription;
  /** Why no job may be placed on it now; null if jobs may. */
  readonly refuses: WaitCode | null;
  /** So many jobs that ask for parts may share one of its devices. Absent or 1: none do. */
  readonly jobsPerDevice?: number;
}

/** Made by a person: the devices are kept for some from a time on. */
export interface Booking {
  readonly id: string;
  readonly nodeId: string;
  /** Null: all of the node. */
  readonly devices: readonly string[] | null;
  readonly from: number;
  readonly until: number;
  /** Whose jobs may start into it; empty: nobody's (a repair). */
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
}

export interface PlannedStart {
  readonly jobId: string;
  readonly nodeId: string;
  readonly devices: readonly string[];
  readonly behind?: Behind;
  readonly ranks?: readonly RankPlace[];
}

export interface Plan {
  readonly starts: readonly PlannedStart[];
  /** Jobs to be stopped for the sake of `forJobId`; they go on later. */
  readonly preemptions: readonly { readonly jobId: string; readonly forJobId: string; readonly reason: string }[];
  /** Waiting attempts to be called back. */
  readonly revocations: readonly { readonly jobId: string; readonly nodeId: string; readonly reason: string }[];
  /** New or void promises of a start. */
  readonly reservations: readonly { readonly jobId: string; readonly reservation: Reservation | null }[];
  /** Why jobs that were looked at don't start, by job; others wait behind one of them, or are known since before to fit nowhere. */
  readonly blocked: ReadonlyMap<string, WaitCode>;
  /** The time at which something changes without a fact: a booking begins, a job is promoted; null if nothing does. */
  readonly nextAt: number | null;
}
