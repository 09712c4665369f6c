// Many points as few: each of their series thinned by itself, and put together again.
import type { JobMetricPoint } from './job-metrics.ts';
import { ThinSeries } from './thin-series.ts';

/** More names than this are noise. */
const MAX_SERIES = 1_000;

interface Member {
  readonly order: number;
  readonly point: JobMetricPoint;
}

export class ThinMetrics {
  readonly #maxPoints: number;
  readonly #series = new Map<string, { readonly name: string; readonly thin: ThinSeries<Member> }>();
  #order = 0;

  /** `maxPoints`: of each series. */
  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  add(point: JobMetricPoint): void {
    const member = { order: this.#order, point };
    this.#order += 1;
    for (const [name, value] of Object.entries(point.values)) this.#of(point.attempt, name)?.add(member, value);
  }

  /** In the order in which they came; each with the values that its series have kept. */
  points(): JobMetricPoint[] {
    const kept = new Map<number, JobMetricPoint>();
    for (const { name, thin } of this.#series.values()) {
      for (const { order, point } of thin.items()) {
        const values = { ...kept.get(order)?.values, [name]: point.values[name] ?? 0 };
        kept.set(order, { ...point, values });
      }
    }
    return [...kept].toSorted(([a], [b]) => a - b).map(([, point]) => point);
  }

  #of(attempt: number, name: string): ThinSeries<Member> | undefined {
    const key = `${attempt} ${name}`;
    const known = this.#series.get(key);
    if (known) return known.thin;
    if (this.#series.size >= MAX_SERIES) return undefined;
    const thin = new ThinSeries<Member>(this.#maxPoints);
    this.#series.set(key, { name, thin });
    return thin;
  }
}
