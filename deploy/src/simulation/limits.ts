// Which time limit the users of a trace would have set: the figure that the engine plans with in place of the run time.
import { random } from '@baton/scheduler';

export type Limits =
  /** The run time itself. */
  | { readonly kind: 'exact' }
  /** None: the policy's default counts. */
  | { readonly kind: 'none' }
  /** The run time, times a factor that is uniform between 1 and `most`. */
  | { readonly kind: 'factor'; readonly most: number }
  /** What the trace says. */
  | { readonly kind: 'trace' };

export const USUAL_LIMITS: Limits = { kind: 'factor', most: 5 };

interface Limited {
  readonly durationMs: number;
  readonly limitMs: number | null;
}

/** The limit of each job, in their order; the factors depend on the seed and the place alone. */
export function limitsOf(jobs: readonly Limited[], limits: Limits, seed: number): readonly (number | null)[] {
  const next = random(seed);
  return jobs.map(({ durationMs, limitMs }) => {
    switch (limits.kind) {
      case 'exact':
        return Math.max(1, durationMs);
      case 'none':
        return null;
      case 'factor':
        return Math.max(1, Math.round(durationMs * (1 + (limits.most - 1) * next())));
      case 'trace':
        return limitMs;
      default:
        return limits satisfies never;
    }
  });
}
