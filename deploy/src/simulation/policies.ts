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

export const POLICIES = {
  /** Strict: the first that can't start blocks all behind it. */
  fifo: { policy: plain },
  easy: { policy: easy },
  'easy-exact': { policy: easy, limits: EXACT },
  /** Greedy, by run time. */
  sjf: { policy: { ...greedy, order: 'shortest' }, limits: EXACT },
  default: { policy: DEFAULT_POLICY },
} as const satisfies Readonly<Record<string, NamedPolicy>>;
export type PolicyName = keyof typeof POLICIES;

export function policyNamed(name: string): NamedPolicy | null {
  return (POLICIES as Readonly<Record<string, NamedPolicy>>)[name] ?? null;
}
