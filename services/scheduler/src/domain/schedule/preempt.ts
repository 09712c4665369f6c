// Whom to stop so that a job can start: evicted on paper, least lost work first, and nobody who need not be.
import type { Policy } from '@baton/contracts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { lostBy } from './movable.ts';
import type { QueueSection } from './queue-buckets.ts';
import type { SchedulingState } from './scheduling-state.ts';
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

export interface Victims {
  readonly stopped: readonly RunningAttempt[];
  /** In line behind those, and to be called back first: what comes free is of whoever is in line. */
  readonly inLine: readonly RunningAttempt[];
}

const NOBODY: Victims = { stopped: [], inLine: [] };

/** Those to be stopped for the job, which waits or is in line; none if stopping all that may be would not do. */
export function findVictims(state: SchedulingState, job: WaitingJob, trial: PreemptionView): Victims {
  const { view } = trial;
  if (!mayPreempt(job, view)) return NOBODY;
  const givingWay = inLineBefore(state, job, view);
  const own = state.placedAttempt(job.id);
  const stopping = [...state.placed()].filter((attempt) => isStopping(attempt, trial));
  stopping.push(...givingWay, ...(own ? [own] : []));
  // Those who are stopping already will do.
  if (fitsWithout(state, job, stopping, view.now)) return NOBODY;
  const search = { state, job, stopping, now: view.now };
  const candidates = candidatesFor(state, job, trial);
  const groups = job.shape.nodes > 1 ? [candidates] : byNode(candidates);
  let best: { readonly victims: readonly Candidate[]; readonly cost: number } | null = null;
  for (const group of groups) {
    const victims = fewest(search, group);
    const cost = victims.reduce((sum, victim) => sum + victim.cost, 0);
    if (victims.length > 0 && (best === null || cost < best.cost)) best = { victims, cost };
  }
  const stopped = (best?.victims ?? []).map(({ attempt }) => attempt);
  const nodeIds = new Set(stopped.flatMap(({ parts }) => parts.map(({ nodeId }) => nodeId)));
  return { stopped, inLine: givingWay.filter(({ parts }) => parts.some(({ nodeId }) => nodeIds.has(nodeId))) };
}

/** Of a lower class, or of somebody who has what is guaranteed to them while the job's owner has not. */
function inLineBefore(state: SchedulingState, job: WaitingJob, { quotas }: OrderView): RunningAttempt[] {
  const priority = state.priority(job.className);
  const isReclaiming = isBelowGuarantee(job, quotas);
  return [...state.queueIndex.inLine()].flatMap(({ id }) => {
    const attempt = state.placedAttempt(id);
    if (!attempt || attempt.job.shape.deviceKind !== job.shape.deviceKind) return [];
    const isLower = state.priority(attempt.job.className) < priority;
    return isLower || (isReclaiming && !isBelowGuarantee(attempt.job, quotas)) ? [attempt] : [];
  });
}

/** Without classes that do, and without guarantees, nobody does. */
export function mayAnyPreempt(
  { policy, queueIndex }: Pick<SchedulingState, 'policy' | 'queueIndex'>,
  section: QueueSection = 'queues',
): boolean {
  const waiting = queueIndex.classes(section);
  if (waiting.size === 0) return false;
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

/** In line, and could be in the place of somebody who runs; in the order in which they came into line. */
export function preemptorsInLine(state: SchedulingState, view: OrderView): WaitingJob[] {
  if (!mayAnyPreempt(state, 'inLine')) return [];
  return [...state.queueIndex.inLine()].filter(
    (job) => mayPreempt(job, view) && state.placedAttempt(job.id)?.waiting?.isRevoking === false,
  );
}

/** When those who run may be stopped who may not yet, if somebody waits who would have them stopped. */
export function stoppableAt(state: SchedulingState, now: number): number[] {
  if (!mayAnyPreempt(state) && !mayAnyPreempt(state, 'inLine')) return [];
  const preemptible = preemptibleClasses(state.policy);
  return [...state.placed()].flatMap(({ job, since }) => {
    if (since === null || !job.keepsCheckpoints || !preemptible.has(job.className)) return [];
    const at = since + state.policy.preemption.minRunMs;
    return at > now ? [at] : [];
  });
}

function preemptibleClasses({ classes }: Policy): ReadonlySet<string> {
  return new Set(classes.filter((each) => each.preemptible).map(({ name }) => name));
}

function isStopping({ job, isStopping: isAsked }: RunningAttempt, { chosen }: PreemptionView): boolean {
  return isAsked || chosen.has(job.id);
}

function candidatesFor(engine: SchedulingState, job: WaitingJob, trial: PreemptionView): Candidate[] {
  const { policy, quotas, now } = trial.view;
  const preemptible = preemptibleClasses(policy);
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
