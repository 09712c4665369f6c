// Whom to stop so that a job can start: evicted on paper, least lost work first, and nobody who need not be.
import type { SchedulingState } from './scheduling-state.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import type { OrderView } from './walk-standings.ts';

interface Candidate {
  readonly attempt: RunningAttempt;
  /** Device-milliseconds since its start: at most so much work is lost, if it has kept no checkpoint since. */
  readonly cost: number;
}

/** Those to be stopped for the job; none if stopping all that may be would not do. */
export function findVictims(engine: SchedulingState, job: WaitingJob, view: OrderView): readonly RunningAttempt[] {
  if (!mayPreempt(job, view)) return [];
  // Those who are stopping already will do.
  if (fitsWithout(engine, job, [], view.now)) return [];
  const candidates = candidatesFor(engine, job, view);
  const groups = job.shape.nodes > 1 ? [candidates] : byNode(candidates);
  let best: { readonly victims: readonly Candidate[]; readonly cost: number } | null = null;
  for (const group of groups) {
    const victims = fewest(engine, job, group, view.now);
    const cost = victims.reduce((sum, victim) => sum + victim.cost, 0);
    if (victims.length > 0 && (best === null || cost < best.cost)) best = { victims, cost };
  }
  return (best?.victims ?? []).map(({ attempt }) => attempt);
}

export function mayPreempt(
  job: Pick<WaitingJob, 'className' | 'owner'>,
  { policy, quotas }: Pick<OrderView, 'policy' | 'quotas'>,
): boolean {
  const priorityClass = policy.classes.find(({ name }) => name === job.className);
  return priorityClass?.preempts === true || quotas.isBelowGuarantee(job.owner);
}

function candidatesFor(engine: SchedulingState, job: WaitingJob, { policy, quotas, now }: OrderView): Candidate[] {
  const preemptible = new Set(policy.classes.filter((each) => each.preemptible).map(({ name }) => name));
  const priority = engine.priority(job.className);
  const isReclaiming = quotas.isBelowGuarantee(job.owner);
  const found: Candidate[] = [];
  for (const attempt of engine.placed()) {
    const { since, isStopping, job: running } = attempt;
    if (since === null || isStopping || now - since < policy.preemption.minRunMs) continue;
    if (!running.keepsCheckpoints || !preemptible.has(running.className)) continue;
    const isLower = engine.priority(running.className) < priority;
    if (!isLower && !(isReclaiming && engine.quotas.isAboveGuarantee(running.owner))) continue;
    found.push({ attempt, cost: allDevices(running.shape) * (now - since) });
  }
  return found.toSorted((a, b) => a.cost - b.cost || (a.attempt.job.id < b.attempt.job.id ? -1 : 1));
}

function byNode(candidates: readonly Candidate[]): Candidate[][] {
  const nodes = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    for (const { nodeId } of candidate.attempt.parts) {
      const group = nodes.get(nodeId) ?? [];
      nodes.set(nodeId, group);
      group.push(candidate);
    }
  }
  return [...nodes.values()];
}

/** The cheapest ones until there is room, without those that turn out not to be needed. */
function fewest(engine: SchedulingState, job: WaitingJob, candidates: readonly Candidate[], now: number): Candidate[] {
  const enough = candidates.findIndex((_, index) => fitsWithout(engine, job, candidates.slice(0, index + 1), now));
  if (enough < 0) return [];
  let victims = candidates.slice(0, enough + 1);
  for (const candidate of victims.toReversed()) {
    const rest = victims.filter((other) => other !== candidate);
    if (rest.length > 0 && fitsWithout(engine, job, rest, now)) victims = rest;
  }
  return victims;
}

/** Whether it could start once they are gone, and those who are stopping for whatever reason. */
function fitsWithout(engine: SchedulingState, job: WaitingJob, victims: readonly Candidate[], now: number): boolean {
  const { cluster } = engine;
  return cluster.trial(() => {
    for (const { job: other, isStopping } of engine.placed()) if (isStopping) cluster.drop(other.id);
    for (const { attempt } of victims) cluster.drop(attempt.job.id);
    return 'places' in cluster.find(engine.ask(job), now);
  });
}
