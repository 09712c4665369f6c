// The policies that a simulation knows by name: textbook ones to compare with, and the platform's own.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import type { Limits } from './limits.ts';

export interface NamedPolicy {
  readonly policy: Policy;
  /** What it sees of run times where nothing else is asked for; absent: limits. */
  readonly limits?: Limits;
}

const EXACT: Limits = { kind: 'exact' };

const plain: Policy = {
  ...DEFAULT_POLICY,
  order: 'fifo',
  classes: [{ name: 'normal', priority: 0, preempts: false, preemptible: true }],
  defaultClass: 'normal',
  backfill: { ...DEFAULT_POLICY.backfill, enabled: false, reservations: 0, reserveFor: 'first' },
  promoteAfterMs: 0,
  preemption: { by: 'class', minRunMs: 0 },
  handOff: { ...DEFAULT_POLICY.handOff, enabled: false },
};
const easy: Policy = { ...plain, backfill: { ...plain.backfill, enabled: true, reservations: 1 } };
const greedy: Policy = { ...plain, backfill: { ...plain.backfill, enabled: true, reservations: 0 } };

/** Running jobs are stopped for those that go before them, at once and as often as may be. */
const repacking: Policy = { ...greedy, preemption: { by: 'order', minRunMs: 0 } };

export const POLICIES = {
  /** Strict: the first that can't start blocks all behind it. */
  fifo: { policy: plain },
  easy: { policy: easy },
  'easy-exact': { policy: easy, limits: EXACT },
  /** Greedy, by run time. */
  sjf: { policy: { ...greedy, order: 'shortest' }, limits: EXACT },
  /** Shortest remaining time first: by what is left of the run time, which nobody knows but an oracle. */
  srtf: { policy: { ...repacking, order: 'shortest' }, limits: EXACT },
  /** Tiresias' two-dimensional LAS. */
  las: { policy: { ...repacking, order: 'las' } },
  default: { policy: DEFAULT_POLICY },
  /** The default's order, in which running jobs stand too. */
  preemptive: {
    policy: { ...repacking, order: 'fair-share', promoteAfterMs: DEFAULT_POLICY.promoteAfterMs },
  },
  /** The same with nobody to look after those that have waited long. */
  fast: { policy: { ...repacking, order: 'fair-share' } },
} as const satisfies Readonly<Record<string, NamedPolicy>>;
export type PolicyName = keyof typeof POLICIES;

export function policyNamed(name: string): NamedPolicy | null {
  return (POLICIES as Readonly<Record<string, NamedPolicy>>)[name] ?? null;
}
