// What a cluster is asked to place, and what it answers.
import type { WaitCode } from '@baton/contracts';
import type { EngineShape, Owner } from './engine-model.ts';

export interface Ask {
  readonly jobId: string;
  readonly shape: EngineShape;
  /** The policy's default where the job has none. */
  readonly limitMs: number;
  readonly graceMs: number;
  readonly owner: Owner;
  /** Of its class: promises to lower ones don't stand in its way. */
  readonly priority: number;
}

export interface FoundPlace {
  readonly nodeId: string;
  readonly devices: readonly string[];
}

/** All its nodes, or why there are not enough. */
export type Found = { readonly places: readonly FoundPlace[] } | { readonly code: WaitCode };

/** The longest that it may hold its devices. */
export function holdMs(ask: Pick<Ask, 'limitMs' | 'graceMs'>): number {
  return ask.limitMs + ask.graceMs;
}
