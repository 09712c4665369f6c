// The queue in its order, with the reason of each job: what `explainWait` says, for many jobs in one walk. Pure.
import type { WaitCode } from '@baton/contracts';
import type { Engine } from './engine.ts';
import type { WaitingJob } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import { waitSentence } from './explain.ts';

export interface QueuePlace {
  readonly job: WaitingJob;
  /** 1 = next. */
  readonly place: number;
  readonly code: WaitCode;
  readonly message: string;
}

/** The first `limit` jobs. */
export function queueOrder(engine: Engine, now: number, limit: number): QueuePlace[] {
  const walk = engine.queueIndex.walk(engine.orderView(now));
  const shapes = new Set<string>();
  const places: QueuePlace[] = [];
  for (let job = walk.next(); job && places.length < limit; job = walk.next()) {
    const key = engineShapeKey(job.shape);
    const place = places.length + 1;
    const code = codeOf(job, engine, { now, isFirst: !shapes.has(key) });
    shapes.add(key);
    places.push({ job, place, code, message: waitSentence(job, engine, { now, code, position: place }) });
  }
  return places;
}

/** Only the first of a shape waits for what it lacks; the others wait behind it. */
function codeOf(job: WaitingJob, engine: Engine, { now, isFirst }: { now: number; isFirst: boolean }): WaitCode {
  const refusal = engine.quotas.mayStart(job.owner, job.shape);
  if (refusal) return refusal.code;
  if (!isFirst) return 'behind-in-queue';
  const found = engine.cluster.find(engine.ask(job), now);
  return 'places' in found ? 'behind-in-queue' : found.code;
}
