// What a plan makes of each job, in words by which two policies can be compared. Pure.
import type { Engine } from './engine.ts';

export interface Treatment {
  readonly jobId: string;
  readonly now: string;
  readonly instead: string;
}

/** Jobs that the one engine would treat otherwise than the other; both know the same jobs. */
export function treatedDifferently(present: Engine, other: Engine, at: number): Treatment[] {
  const instead = treatments(other, at);
  return [...treatments(present, at)].flatMap(([jobId, now]) => {
    const then = instead.get(jobId) ?? now;
    return then === now ? [] : [{ jobId, now, instead: then }];
  });
}

function treatments(engine: Engine, at: number): ReadonlyMap<string, string> {
  const { starts, preemptions, revocations } = engine.plan(at);
  const found = new Map<string, string>();
  const walk = engine.queueIndex.walk(engine.orderView(at));
  for (let job = walk.next(); job; job = walk.next()) found.set(job.id, `waits, number ${found.size + 1}`);
  for (const { jobId, behind } of starts) found.set(jobId, behind ? 'joins a line' : 'starts');
  for (const { job, waiting } of engine.placed()) found.set(job.id, waiting ? 'stands in line' : 'runs');
  for (const { jobId } of revocations) found.set(jobId, 'is called back from its line');
  for (const { jobId, forJobId } of preemptions) found.set(jobId, `is stopped for ${forJobId}`);
  return found;
}
