// Whom to stop so that a job can start: evicted on paper, least lost work first, and nobody who need not be.
import type { SchedulingState } from './scheduling-state.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { lostBy } from './movable.ts';
import type { OrderView } from './walk-standings.ts';

export interface PreemptionView {
  readonly view: OrderView;
  /** Chosen in this pass for others. */
  readonly chosen: ReadonlySet<string>;
}

interface Candidate {
  readonly attempt: RunningAttempt;
  /** Device-milliseconds: at most so much work is lost. */
  readonly cost: number;
  /** Not of a lower class: only what is above its owner's guarantee may be taken. */
  readonly isReclaimed: boolean;
}

/** Those to be stopped for the job; none if stopping all that may be would not do. */
export function findVictims(state: SchedulingState, job: WaitingJob, trial: PreemptionView): readonly RunningAttempt[] {
  const { view } = trial;
  if (!mayPreempt(job, view)) return [];
  const stopping = [...state.placed()].filter((attempt) => isStopping(attempt, trial));
  // Those who are stopping already will do.
  if (fitsWithout(state, job, stopping, view.now)) return [];
  const search = { state, job, stopping, now: view.now };
  const candidates = candidatesFor(state, job, trial);
  const groups = job.shape.nodes > 1 ? [candidates] : byNode(candidates);
  let best: { readonly victims: readonly Candidate[]; readonly cost: number } | null = null;
  for (const group of groups) {
    const victims = fewest(search, group);
    const cost = victims.reduce((sum, victim) => sum + victim.cost, 0);
    if (victims.length > 0 && (best === null || cost < best.cost)) best = { victims, cost };
  }
  return (best?.victims ?? []).map(({ attempt }) => attempt);
}

/** Without classes that do, and without guarantees, nobody does. */
export function mayAnyPreempt({ policy, queueIndex }: Pick<SchedulingState, 'policy' | 'queueIndex'>): boolean {
  const waiting = queueIndex.classes();
  if (policy.classes.some(({ name, preempts }) => preempts && waiting.has(name))) return true;
  return policy.quotas.some(({ guaranteedGpus }) => guaranteedGpus !== undefined);
}

export function mayPreempt(
  job: Pick<WaitingJob, 'className' | 'owner' | 'shape'>,
  { policy, quotas }: Pick<OrderView, 'policy' | 'quotas'>,
): boolean {
  const priorityClass = policy.classes.find(({ name }) => name === job.className);
  return priorityClass?.preempts === true || isBelowGuarantee(job, quotas);
}

/** What is guaranteed is GPUs. */
function isBelowGuarantee({ owner, shape }: Pick<WaitingJob, 'owner' | 'shape'>, quotas: OrderView['quotas']): boolean {
  return shape.deviceKind === 'gpu' && quotas.isBelowGuarantee(owner);
}

function isStopping({ job, isStopping: isAsked }: RunningAttempt, { chosen }: PreemptionView): boolean {
  return isAsked || chosen.has(job.id);
}

function candidatesFor(engine: SchedulingState, job: WaitingJob, trial: PreemptionView): Candidate[] {
  const { policy, quotas, now } = trial.view;
  const preemptible = new Set(policy.classes.filter((each) => each.preemptible).map(({ name }) => name));
  const priority = engine.priority(job.className);
  const isReclaiming = isBelowGuarantee(job, quotas);
  const found: Candidate[] = [];
  for (const attempt of engine.placed()) {
    const { since, job: running } = attempt;
    if (since === null || isStopping(attempt, trial) || now - since < policy.preemption.minRunMs) continue;
    if (!running.keepsCheckpoints || !preemptible.has(running.className)) continue;
    const isLower = engine.priority(running.className) < priority;
    if (!isLower && !(isReclaiming && engine.quotas.isAboveGuarantee(running.owner))) continue;
    found.push({ attempt, cost: lostBy(attempt, now), isReclaimed: !isLower });
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

interface Search {
  readonly state: SchedulingState;
  readonly job: WaitingJob;
  /** They go in any case. */
  readonly stopping: readonly RunningAttempt[];
  readonly now: number;
}

/** The cheapest ones until there is room, without those that turn out not to be needed. */
function fewest({ state, job, stopping, now }: Search, candidates: readonly Candidate[]): Candidate[] {
  const isEnough = (some: readonly Candidate[]) =>
    fitsWithout(state, job, [...stopping, ...some.map(({ attempt }) => attempt)], now);
  const takeable = aboveGuarantees(state, stopping, candidates);
  const enough = takeable.findIndex((_, index) => isEnough(takeable.slice(0, index + 1)));
  if (enough < 0) return [];
  let victims = takeable.slice(0, enough + 1);
  for (const candidate of victims.toReversed()) {
    const rest = victims.filter((other) => other !== candidate);
    if (rest.length > 0 && isEnough(rest)) victims = rest;
  }
  return victims;
}

/** Without those whose owner would be left with less than is guaranteed, or they would be reclaimed in turn. */
function aboveGuarantees(
  { quotas }: SchedulingState,
  stopping: readonly RunningAttempt[],
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const left = quotas.onPaper();
  for (const { job } of stopping) left.ended(job.owner, job.shape);
  return candidates.filter(({ isReclaimed, attempt: { job } }) => {
    left.ended(job.owner, job.shape);
    if (!isReclaimed || !left.isBelowGuarantee(job.owner)) return true;
    left.started(job.owner, job.shape);
    return false;
  });
}

/** Whether it could start once they are gone. */
function fitsWithout(state: SchedulingState, job: WaitingJob, gone: readonly RunningAttempt[], now: number): boolean {
  const { cluster } = state;
  return cluster.trial(() => {
    for (const attempt of gone) cluster.drop(attempt.job.id);
    return 'places' in cluster.find(state.ask(job), now);
  });
}
