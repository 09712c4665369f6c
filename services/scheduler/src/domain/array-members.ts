// Which jobs of an array are not over, and how the array ends: as the worst of its jobs.
import type { Outcome } from './predecessors.ts';

interface Members {
  readonly active: Set<string>;
  worst: Outcome;
}

export interface SavedArray {
  readonly id: string;
  readonly active: readonly string[];
  readonly worst: Outcome;
}

const BADNESS: Readonly<Record<Outcome, number>> = { succeeded: 0, cancelled: 1, failed: 2 };

export class ArrayMembers {
  readonly #arrays = new Map<string, Members>();

  restore(saved: readonly SavedArray[]): void {
    for (const { id, active, worst } of saved) this.#arrays.set(id, { active: new Set(active), worst });
  }

  save(): SavedArray[] {
    return [...this.#arrays].map(([id, { active, worst }]) => ({ id, active: [...active], worst }));
  }

  add(arrayId: string, jobId: string): void {
    const members = this.#arrays.get(arrayId) ?? { active: new Set(), worst: 'succeeded' };
    this.#arrays.set(arrayId, members);
    members.active.add(jobId);
  }

  /** How the array has ended, if this was the last of its jobs. */
  end(arrayId: string, jobId: string, outcome: Outcome): Outcome | null {
    const members = this.#arrays.get(arrayId);
    if (members === undefined) return null;
    members.active.delete(jobId);
    if (BADNESS[outcome] > BADNESS[members.worst]) members.worst = outcome;
    if (members.active.size > 0) return null;
    this.#arrays.delete(arrayId);
    return members.worst;
  }

  /** In the order of their submission. */
  of(arrayId: string): string[] {
    return [...(this.#arrays.get(arrayId)?.active ?? [])];
  }
}
