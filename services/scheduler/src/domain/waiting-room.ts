// Queued jobs that may not be placed yet, and why; those that may are in the queue.
import type { Admission } from './array-limit.ts';
import { ArrayLimits, isLimited } from './array-limit.ts';
import type { ExistingJob, QueuedJob } from './job.ts';
import { backoffMs } from './job.commands.ts';
import type { Judgement, Outcome, Predecessors } from './predecessors.ts';

export type Gate =
  | { readonly code: 'held' | 'array-incomplete' }
  /** `never`: one of them has ended otherwise than it had to; the job is to be cancelled, with this reason. */
  | { readonly code: 'waiting-for-job'; readonly jobs: readonly string[]; readonly never: string | null }
  | { readonly code: 'begin-later' | 'retry-backoff'; readonly until: number }
  | { readonly code: 'array-limit'; readonly parallel: number };

export interface QueuedRecord {
  readonly id: string;
  readonly order: number;
  readonly state: QueuedJob;
}

interface Guest {
  readonly record: QueuedRecord;
  /** Null where nothing but the limit of its array could keep it. */
  readonly gate: Gate | null;
}

interface Delay {
  readonly until: number;
  /** What is further away was meant by a clock that has been set back since. */
  readonly longestMs: number;
}

export class WaitingRoom {
  readonly #guests = new Map<string, Guest>();
  readonly #limits: ArrayLimits;
  readonly #predecessors: Predecessors;
  readonly #admission: Admission;
  /** Array id -> the jobs that wait for the rest of it. */
  readonly #incomplete = new Map<string, Set<string>>();
  readonly #complete = new Set<string>();
  readonly #delayed = new Map<string, Delay>();
  readonly #doomed = new Map<string, string>();
  /** Nothing is due before, as long as the clock is not set back. */
  #nextDue = Infinity;
  /** When that was looked at last. */
  #lookedAt = Infinity;

  constructor(predecessors: Predecessors, admission: Admission) {
    this.#predecessors = predecessors;
    this.#admission = admission;
    this.#limits = new ArrayLimits(admission);
  }

  enter(record: QueuedRecord): void {
    const { id, state } = record;
    const gate = this.#gateOf(state);
    const { after = [] } = state.spec;
    this.#guests.set(id, { record, gate });
    if (after.length > 0) this.#predecessors.wait(id, after);
    if (gate !== null) this.#shut(id, state, gate);
    else if (isLimited(state.array)) this.#limits.add(state.array, record);
    else this.#admission.admit(id);
  }

  /** Whether it was in the queue. */
  leave({ id }: { readonly id: string }): boolean {
    const guest = this.#guests.get(id);
    if (guest === undefined) return false;
    const { record, gate } = guest;
    const { array, spec } = record.state;
    this.#guests.delete(id);
    this.#predecessors.forget(id, spec.after ?? []);
    if (gate !== null) {
      this.#delayed.delete(id);
      this.#doomed.delete(id);
      if (array !== null) this.#incomplete.get(array.id)?.delete(id);
      return false;
    }
    return isLimited(array) ? this.#limits.remove(array, record) : true;
  }

  /** A job of its array got a place, or gave it up. */
  placed({ array }: ExistingJob, change: 1 | -1): void {
    if (isLimited(array)) this.#limits.placed(array, change);
  }

  ended(id: string, outcome: Outcome): void {
    this.#predecessors.note(id, outcome);
    for (const waiter of this.#predecessors.waitersOf(id)) this.#again(waiter);
  }

  /** The last job of the array is in the log. */
  completed(arrayId: string): void {
    this.#complete.add(arrayId);
    const waiting = [...(this.#incomplete.get(arrayId) ?? [])];
    this.#incomplete.delete(arrayId);
    for (const id of waiting) this.#again(id);
  }

  /** The arrays whose last job is in the log, and that are not over. */
  completeArrays(): string[] {
    return [...this.#complete];
  }

  /** No job of the array is left. */
  forgetArray(arrayId: string): void {
    this.#complete.delete(arrayId);
    this.#incomplete.delete(arrayId);
  }

  /** Jobs whose time has come: they are to leave, and to enter again with nothing to wait for. */
  due(now: number): string[] {
    const isSetBack = now < this.#lookedAt;
    this.#lookedAt = now;
    if (now < this.#nextDue && !isSetBack) return [];
    const due: string[] = [];
    this.#nextDue = Infinity;
    for (const [id, { until, longestMs }] of this.#delayed) {
      if (until <= now || until - now > longestMs) due.push(id);
      else this.#nextDue = Math.min(this.#nextDue, until);
    }
    return due;
  }

  /** Jobs that only wait for a time, with that time. */
  delayed(): readonly { readonly id: string; readonly until: number }[] {
    return [...this.#delayed].map(([id, { until }]) => ({ id, until }));
  }

  nextDue(): number | null {
    return this.#nextDue === Infinity || this.#delayed.size === 0 ? null : this.#nextDue;
  }

  /** Jobs that can never start, each with the reason. */
  doomed(): readonly { readonly id: string; readonly reason: string }[] {
    return [...this.#doomed].map(([id, reason]) => ({ id, reason }));
  }

  /** Lets jobs of arrays in, after all that belongs to one change is done. */
  settle(): void {
    this.#limits.settle();
  }

  gate(id: string): Gate | null {
    const guest = this.#guests.get(id);
    if (guest === undefined) return null;
    const { array } = guest.record.state;
    if (guest.gate !== null || !isLimited(array) || this.#limits.isAdmitted(array, guest.record)) return guest.gate;
    return { code: 'array-limit', parallel: array.parallel };
  }

  #again(id: string): void {
    const guest = this.#guests.get(id);
    if (guest === undefined || guest.gate === null) return;
    this.leave(guest.record);
    this.enter(guest.record);
  }

  #gateOf({ isHeld, array, spec, notBefore, attempts }: QueuedJob): Gate | null {
    const { open, never } = this.#predecessors.judge(spec.after ?? []);
    if (never !== null) return { code: 'waiting-for-job', jobs: [never.jobId], never: neverWords(never) };
    if (isHeld) return { code: 'held' };
    if (array !== null && !this.#complete.has(array.id)) return { code: 'array-incomplete' };
    if (open.length > 0) return { code: 'waiting-for-job', jobs: open, never: null };
    if (notBefore > 0) return { code: attempts === 0 ? 'begin-later' : 'retry-backoff', until: notBefore };
    return null;
  }

  #shut(id: string, state: QueuedJob, gate: Gate): void {
    const { array } = state;
    switch (gate.code) {
      case 'waiting-for-job':
        if (gate.never !== null) this.#doomed.set(id, gate.never);
        return;
      case 'begin-later':
      case 'retry-backoff':
        this.#delayed.set(id, { until: gate.until, longestMs: longestMs(state) });
        this.#nextDue = Math.min(this.#nextDue, gate.until);
        return;
      case 'array-incomplete': {
        if (array === null) return;
        const waiting = this.#incomplete.get(array.id) ?? new Set();
        this.#incomplete.set(array.id, waiting.add(id));
        return;
      }
      case 'held':
      case 'array-limit':
        return;
      default:
        gate satisfies never;
    }
  }
}

function neverWords({ jobId, outcome, after }: NonNullable<Judgement['never']>): string {
  return `It waited for the ${after.when} of ${jobId.startsWith('arr_') ? 'array' : 'job'} ${jobId}, which has ${outcome}.`;
}

function longestMs({ attempts, userFailures, infrastructureLosses }: QueuedJob): number {
  return attempts === 0 ? Infinity : backoffMs(Math.max(userFailures, infrastructureLosses));
}
