// Waiting jobs, shapes and owners for tests of the queue.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import type { EngineShape, Owner, WaitingJob } from '../domain/schedule/engine-model.ts';
import { UsageLedger } from '../domain/schedule/fair-share.ts';
import { QuotaBook } from '../domain/schedule/quotas.ts';
import { ONE_SLOT } from './cluster-builders.ts';

export const HOUR_MS = 3_600_000;

export function aShape(change: Partial<EngineShape> = {}): EngineShape {
  return { ...ONE_SLOT, deviceKind: 'gpu', ...change };
}

export function anOwner(userId: string, groupId: string | null = null): Owner {
  return { userId, groupId };
}

/** Submitted at the second of its place in the queue. */
export function aWaitingJob(order: number, change: Partial<WaitingJob> = {}): WaitingJob {
  return {
    id: `job-${order}`,
    order,
    submittedAt: order * 1_000,
    nextAttempt: 1,
    owner: anOwner('ann'),
    className: 'normal',
    shape: aShape(),
    limitMs: HOUR_MS,
    estimateMs: null,
    servedMs: 0,
    graceMs: 0,
    keepsCheckpoints: false,
    reservation: null,
    ...change,
  };
}

/** What a walk depends on beside the queue. */
export function aView(policy: Partial<Policy> = {}, now = 0) {
  const all = { ...DEFAULT_POLICY, ...policy };
  return { policy: all, usage: new UsageLedger(all.fairShare.halfLifeMs), quotas: new QuotaBook(all.quotas), now };
}
