// Finishes what erasures were cut short of, before the service answers; where that fails, again and again while it runs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Platform } from '@baton/service-host';
import type { Erasure } from '../app/erasure.ts';

const RETRY_MS = 10_000;

/** Resolves after the first try. The read models must have caught up. */
export async function resumeErasures(platform: Platform, erasure: Erasure): Promise<void> {
  const isDone = await tryOnce(platform, erasure);
  if (!isDone) void keepTrying(platform, erasure);
}

async function keepTrying(platform: Platform, erasure: Erasure): Promise<void> {
  const { signal } = platform;
  do await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
  while (!signal.aborted && !(await tryOnce(platform, erasure)));
}

async function tryOnce(platform: Platform, erasure: Erasure): Promise<boolean> {
  try {
    await erasure.resume({ ...platform.systemCall(), subject: 'erasure', body: {} });
    return true;
  } catch (error) {
    platform.report(error, 'finishing erasures');
    return false;
  }
}
