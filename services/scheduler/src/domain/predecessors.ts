// How jobs ended, and which jobs wait for the ends of others.
import type { PinnedAfter } from '@baton/contracts';

export type Outcome = 'succeeded' | 'failed' | 'cancelled';

/** The ids of all jobs and arrays that ever were, by how they ended. */
export type SavedOutcomes = Readonly<Record<Outcome | 'open', readonly string[]>>;

/** `open`: those whose ends it waits for. `never`: the one that has ended otherwise than it had to. */
export interface Judgement {
  readonly open: readonly string[];
  readonly never: { readonly jobId: string; readonly outcome: Outcome; readonly after: PinnedAfter } | null;
}

export class Predecessors {
  /** Of every job that was ever submitted; null while it is not over. */
  readonly #outcomes = new Map<string, Outcome | null>();
  readonly #waiters = new Map<string, Set<string>>();

  /** As it was saved; of nobody who waits. */
  restore(saved: SavedOutcomes): void {
    for (const outcome of ['succeeded', 'failed', 'cancelled'] as const)
      for (const id of saved[outcome]) this.#outcomes.set(id, outcome);
    for (const id of saved.open) this.#outcomes.set(id, null);
  }

  save(): SavedOutcomes {
    const saved: Record<Outcome | 'open', string[]> = { open: [], succeeded: [], failed: [], cancelled: [] };
    for (const [id, outcome] of this.#outcomes) saved[outcome ?? 'open'].push(id);
    return saved;
  }

  has(id: string): boolean {
    return this.#outcomes.has(id);
  }

  /** `null`: it is there, and not over. */
  note(id: string, outcome: Outcome | null): void {
    this.#outcomes.set(id, outcome);
  }

  judge(after: readonly PinnedAfter[]): Judgement {
    const open: string[] = [];
    for (const one of after) {
      const outcome = this.#outcomes.get(one.jobId) ?? null;
      if (outcome === null) open.push(one.jobId);
      else if (!satisfies(outcome, one.when)) return { open, never: { jobId: one.jobId, outcome, after: one } };
    }
    return { open, never: null };
  }

  wait(id: string, after: readonly PinnedAfter[]): void {
    for (const { jobId } of after) {
      const waiters = this.#waiters.get(jobId) ?? new Set();
      this.#waiters.set(jobId, waiters.add(id));
    }
  }

  forget(id: string, after: readonly PinnedAfter[]): void {
    for (const { jobId } of after) {
      const waiters = this.#waiters.get(jobId);
      waiters?.delete(id);
      if (waiters?.size === 0) this.#waiters.delete(jobId);
    }
  }

  waitersOf(id: string): string[] {
    return [...(this.#waiters.get(id) ?? [])];
  }
}

function satisfies(outcome: Outcome, when: PinnedAfter['when']): boolean {
  switch (when) {
    case 'success':
      return outcome === 'succeeded';
    case 'failure':
      return outcome === 'failed';
    case 'end':
      return true;
    default:
      return when satisfies never;
  }
}
