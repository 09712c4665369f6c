// How long something may take: quantiles, what is left of it once some time has passed, and the same within a limit. Pure.

/** So much of all lies at or below `ms`. */
interface Mark {
  readonly share: number;
  readonly ms: number;
}

export interface TimeRangeMs {
  readonly lowMs: number;
  readonly medianMs: number;
  readonly highMs: number;
}

/** A range leaves out a tenth at either end. */
const OUTSIDE = 0.1;
export const CONFIDENCE = 1 - 2 * OUTSIDE;
/** What is shorter than all that were seen, or longer, is so by this factor at most. */
const TAIL = 3;
/** Beyond it nothing is known of what is left. */
const ALMOST_ALL = 0.999;

export class Distribution {
  readonly #marks: readonly Mark[];
  #flat: Float64Array | null = null;
  #range: TimeRangeMs | null = null;
  /** As it was asked for last: jobs that are alike come together. */
  #capped: { readonly limitMs: number; readonly distribution: Distribution } | null = null;

  /** Ascending by share and by time; the first share is 0, the last 1. */
  constructor(marks: readonly Mark[]) {
    this.#marks = marks;
  }

  /** As `flat` gave it, perhaps in another thread. */
  static ofFlat(flat: Float64Array): Distribution {
    return new Distribution(
      Array.from({ length: flat.length / 2 }, (_, index) => ({
        share: flat[2 * index] ?? 0,
        ms: flat[2 * index + 1] ?? 0,
      })),
    );
  }

  /** Shares and times in turns; the same object each time. */
  flat(): Float64Array {
    this.#flat ??= Float64Array.from(this.#marks.flatMap(({ share, ms }) => [share, ms]));
    return this.#flat;
  }

  /**
   * From samples with weights. One more of `n` alike is shorter than all with probability 1 / (n + 1), and longer than all with the
   * same: so few samples give a wide range, and many one of their own.
   */
  static ofSamples(samples: readonly { readonly ms: number; readonly weight: number }[]): Distribution {
    const sorted = samples.toSorted((a, b) => a.ms - b.ms);
    const [least, most] = [sorted[0], sorted.at(-1)];
    if (!least || !most) throw new Error('a distribution needs a sample');
    const outer = 1 / (countOf(sorted) + 1);
    const weight = sorted.reduce((sum, sample) => sum + sample.weight, 0) - (least.weight + most.weight) / 2;
    let before = -least.weight / 2;
    const marks = sorted.map((sample) => {
      const middle = before + sample.weight / 2;
      before += sample.weight;
      const share = sorted.length === 1 ? 0.5 : outer + (1 - 2 * outer) * (middle / weight);
      return { share, ms: Math.max(1, sample.ms) };
    });
    const [first, last] = [Math.max(1, least.ms) / TAIL, Math.max(1, most.ms) * TAIL];
    return new Distribution([{ share: 0, ms: first }, ...marks, { share: 1, ms: last }]);
  }

  /** In between, times grow by equal factors. */
  quantile(share: number): number {
    const index = this.#marks.findIndex((mark) => mark.share >= share);
    const after = this.#marks[index === -1 ? this.#marks.length - 1 : index];
    const before = this.#marks[Math.max(0, index - 1)];
    if (!after || !before) return Number.NaN;
    if (after.share <= before.share || index === -1) return after.ms;
    const part = Math.min(1, Math.max(0, (share - before.share) / (after.share - before.share)));
    // Rounding must not lead beyond either.
    return Math.min(after.ms, before.ms * (after.ms / before.ms) ** part);
  }

  range(): TimeRangeMs {
    const at = (share: number) => Math.round(this.quantile(share));
    return (this.#range ??= { lowMs: at(OUTSIDE), medianMs: at(0.5), highMs: at(1 - OUTSIDE) });
  }

  /** All times by a factor. */
  scaled(factor: number): Distribution {
    return new Distribution(this.#marks.map(({ share, ms }) => ({ share, ms: Math.max(1, ms * factor) })));
  }

  /** It is stopped there. */
  capped(limitMs: number): Distribution {
    if (this.#capped?.limitMs === limitMs) return this.#capped.distribution;
    const marks = this.#marks.map(({ share, ms }) => ({ share, ms: Math.min(ms, Math.max(1, limitMs)) }));
    this.#capped = { limitMs, distribution: new Distribution(marks) };
    return this.#capped.distribution;
  }

  /** Of the whole time, knowing that it has lasted so long and not ended; if that is longer than all, it may last as long again. */
  lastingBeyond(passedMs: number): Distribution {
    if (passedMs <= 0) return this;
    const passed = this.#shareUntil(passedMs);
    if (passed >= ALMOST_ALL)
      return new Distribution([
        { share: 0, ms: passedMs },
        { share: 0.5, ms: passedMs * 2 },
        { share: 1, ms: passedMs * 4 },
      ]);
    const rest = this.#marks.filter(({ share, ms }) => share > passed && ms > passedMs);
    const marks = rest.map(({ share, ms }) => ({ share: (share - passed) / (1 - passed), ms }));
    return new Distribution([{ share: 0, ms: passedMs }, ...marks]);
  }

  #shareUntil(ms: number): number {
    const index = this.#marks.findIndex((mark) => mark.ms > ms);
    if (index === -1) return 1;
    const [before, after] = [this.#marks[index - 1], this.#marks[index]];
    if (!before || !after) return 0;
    const part = Math.log(ms / before.ms) / Math.log(after.ms / before.ms);
    return before.share + (after.share - before.share) * part;
  }
}

/** As many samples of equal weight as tell as much. */
function countOf(samples: readonly { readonly weight: number }[]): number {
  const sum = samples.reduce((total, { weight }) => total + weight, 0);
  const squares = samples.reduce((total, { weight }) => total + weight * weight, 0);
  return (sum * sum) / squares;
}
