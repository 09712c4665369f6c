// How many jobs of an array may be placed or in the queue at once: always the first of those that could be.
import { firstAtOrAfter } from './by-order.ts';
import type { ArrayPlace } from '@baton/contracts';

export interface Candidate {
  readonly id: string;
  readonly order: number;
}

export interface Admission {
  admit(id: string): void;
  /** Back out of the queue: another job of the array goes first. */
  sendBack(id: string): void;
}

interface Limited {
  readonly parallel: number;
  /** In order. The first `admitted` of them are in the queue. */
  readonly candidates: Candidate[];
  admitted: number;
  placed: number;
}

/** The same for the same jobs, in whatever order they came: a ledger that is rebuilt agrees with the one that was there. */
export class ArrayLimits {
  readonly #arrays = new Map<string, Limited>();
  readonly #changed = new Set<string>();
  readonly #admission: Admission;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  add(array: LimitedPlace, job: Candidate): void {
    const limited = this.#limited(array);
    const at = firstAtOrAfter(limited.candidates, job.order);
    limited.candidates.splice(at, 0, job);
    if (at >= limited.admitted) return;
    limited.admitted += 1;
    this.#admission.admit(job.id);
  }

  /** Whether it was in the queue. */
  remove(array: LimitedPlace, job: Candidate): boolean {
    const limited = this.#limited(array);
    const at = firstAtOrAfter(limited.candidates, job.order);
    if (limited.candidates[at]?.id !== job.id) return false;
    limited.candidates.splice(at, 1);
    if (at >= limited.admitted) return false;
    limited.admitted -= 1;
    return true;
  }

  isAdmitted({ id }: LimitedPlace, job: Candidate): boolean {
    const limited = this.#arrays.get(id);
    return limited !== undefined && firstAtOrAfter(limited.candidates, job.order) < limited.admitted;
  }

  placed(array: LimitedPlace, change: 1 | -1): void {
    this.#limited(array).placed += change;
  }

  /** Lets in as many as may be, after all that belongs to one change is done. */
  settle(): void {
    for (const id of this.#changed) {
      const limited = this.#arrays.get(id);
      if (limited === undefined) continue;
      const room = Math.min(limited.candidates.length, Math.max(0, limited.parallel - limited.placed));
      for (; limited.admitted < room; limited.admitted += 1)
        this.#admission.admit(limited.candidates[limited.admitted]?.id ?? '');
      for (; limited.admitted > room; limited.admitted -= 1)
        this.#admission.sendBack(limited.candidates[limited.admitted - 1]?.id ?? '');
      if (limited.candidates.length === 0 && limited.placed === 0) this.#arrays.delete(id);
    }
    this.#changed.clear();
  }

  #limited({ id, parallel }: LimitedPlace): Limited {
    const limited = this.#arrays.get(id) ?? { parallel, candidates: [], admitted: 0, placed: 0 };
    this.#arrays.set(id, limited);
    this.#changed.add(id);
    return limited;
  }
}

export type LimitedPlace = ArrayPlace & { readonly parallel: number };

export function isLimited(array: ArrayPlace | null): array is LimitedPlace {
  return array?.parallel !== undefined;
}
