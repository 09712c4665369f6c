// Why a queued job waits: the facts behind the answer, each in a code, in a sentence and in numbers. Pure.
import type { WhyFact } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';
import type { WaitingJob } from './engine-model.ts';
import { lineStanding } from './line-standing.ts';
import { explainGate } from './explain-gate.ts';
import { groupShare, userShare } from './fair-share.ts';
import { isPromoted } from './ordering.ts';
import { overdueJobs } from './overdue-jobs.ts';
import { ownerKeyOf } from './owner-key.ts';
import type { OwnerQueue } from './queue-buckets.ts';
import type { QuotaRefusal } from './quotas.ts';
import { remaining } from './remaining.ts';
import { type Fact, listed, nodeWord, spoken, type WhyContext } from './why-model.ts';
import { holder, inTime, nodeFacts } from './why-nodes.ts';

const AHEAD = 5;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The most telling first: what keeps it out of the queue, its place there, then what the nodes say. */
export function whyFacts(jobId: string, context: WhyContext): WhyFact[] {
  const { engine, gate } = context;
  const line = lineFact(jobId, context);
  if (line) return [line];
  const job = engine.queueIndex.get(jobId);
  if (gate !== null) return [gateFact(gate, context)];
  if (job === undefined) return [];
  return [
    orderFact(job, context),
    ...waitedLong(job, context),
    ...shareFacts(job, context),
    ...quotaFacts(job, context),
    ...ownPromise(job, context),
    ...nodeFacts(job, context),
  ];
}

function gateFact(gate: Gate, { now, word }: WhyContext): Fact<'gate'> {
  const jobs = gate.code === 'waiting-for-job' ? gate.jobs.map(word) : [];
  const isTold = jobs.every(({ id }) => id !== null) && (gate.code !== 'waiting-for-job' || gate.never !== null);
  const message = isTold ? explainGate(gate, 1, now).message : `It waits for the end of ${listed(jobs.map(spoken))}.`;
  return { code: 'gate', message, gate: gate.code, jobs, until: 'until' in gate ? gate.until : null };
}

function lineFact(jobId: string, context: WhyContext): Fact<'line'> | null {
  const { engine } = context;
  const standing = lineStanding(jobId, engine);
  if (!standing) return null;
  const { nodeId, position } = standing;
  const behind = standing.behind.map((id) => holder(id, context));
  const node = nodeWord(engine, nodeId);
  const names = listed(behind.map(({ job }) => spoken(job)));
  const ends = behind.flatMap(({ until }) => until ?? []);
  const latest = ends.length === 0 ? '' : `, which may run ${remaining(Math.max(...ends) - context.now)} more at most`;
  const message = `It is assigned to ${node.nodeName} already, number ${position} in the line there, behind ${names}${latest}.`;
  return { code: 'line', message, ...node, position, behind };
}

function orderFact(job: WaitingJob, { engine, now, word }: WhyContext): Fact<'order'> {
  const view = engine.orderView(now);
  const { className } = job;
  const position = engine.queueIndex.position(job.id, view) ?? 1;
  const of = engine.queueIndex.size;
  const ahead = engine.queueIndex.ahead(job.id, view, AHEAD).map(word);
  const names = listed(ahead.map(spoken), { most: AHEAD, of: position - 1 });
  const rest = ahead.length === 0 ? '' : `; ahead of it: ${names}`;
  const message = `Its class is ${className}; it is number ${position} of ${of} in the queue${rest}.`;
  return { code: 'order', message, className, priority: engine.priority(className), position, of, ahead };
}

function waitedLong(job: WaitingJob, { engine, now }: WhyContext): WhyFact[] {
  const waitedMs = Math.max(0, now - job.submittedAt);
  const view = engine.orderView(now);
  const { promoteAfterMs: afterMs } = engine.policy;
  if (isPromoted(job, view)) {
    const message = `It has waited longer than ${remaining(afterMs)}: it goes before all others of its class.`;
    return [{ code: 'promoted', message, waitedMs, afterMs }];
  }
  const own = ownerKeyOf(job.owner);
  const queues = ownersBeside(job, engine).filter(({ entry }) => entry.key === own);
  if (!overdueJobs(queues, view).has(job.id)) return [];
  const message = `It has waited ${remaining(waitedMs)}, long as waits go now: it goes before others of its owner.`;
  return [{ code: 'overdue', message, waitedMs }];
}

/** Of all owners that wait with jobs of the same priority. */
function ownersBeside({ className }: WaitingJob, engine: WhyContext['engine']): OwnerQueue[] {
  const own = engine.priority(className);
  const found: OwnerQueue[] = [];
  for (const [name, owners] of engine.queueIndex.classes())
    if (engine.priority(name) === own) found.push(...owners.values());
  return found;
}

function shareFacts(job: WaitingJob, { engine, now }: WhyContext): Fact<'share'>[] {
  const { policy, usage } = engine;
  if (policy.order !== 'fair-share') return [];
  const { owner } = job;
  const { fairShare } = policy;
  const used = usage.usageOf(owner, now);
  const owners = new Map(ownersBeside(job, engine).map(({ entry }) => [entry.key, entry.owner]));
  const before = [...owners.values()].filter((other) => usage.compare(other, owner, now, fairShare) < 0).length;
  const [ofUser, ofGroup] = [userShare(owner, fairShare), groupShare(owner, fairShare)];
  const group = owner.groupId === null ? '' : `, and its group ${deviceHours(used.group)} for a share of ${ofGroup}`;
  const whose = owner.groupId === null ? ofGroup : ofUser;
  const standing =
    owners.size === 1
      ? 'no other owner waits'
      : `of the ${owners.size} owners that wait ${before} had less for their share`;
  const message = `Its owner has lately used ${deviceHours(used.user)} for a share of ${whose}${group}; ${standing}.`;
  return [
    {
      code: 'share',
      message,
      userDeviceMs: used.user,
      userShare: ofUser,
      groupDeviceMs: used.group,
      groupShare: ofGroup,
      before,
      of: owners.size,
    },
  ];
}

/** A CPU slot counts a sixteenth of a GPU. */
export function deviceHours(deviceMs: number): string {
  const [amount, unit] =
    deviceMs < MINUTE_MS
      ? [deviceMs / 1_000, 'seconds']
      : deviceMs < HOUR_MS
        ? [deviceMs / MINUTE_MS, 'minutes']
        : [deviceMs / HOUR_MS, 'hours'];
  return `${Number(amount.toPrecision(3))} device-${unit}`;
}

function quotaFacts({ owner, shape }: WaitingJob, { engine }: WhyContext): Fact<'quota'>[] {
  const refusal = engine.quotas.mayStart(owner, shape);
  if (refusal === null) return [];
  const { limit, used, of } = refusal;
  const whose = refusal.code === 'user-quota' ? 'user' : 'group';
  const message = `The quota of its ${whose === 'user' ? 'owner' : 'group'} is ${of} ${LIMIT_WORDS[limit]}; ${used} are in use.`;
  return [{ code: 'quota', message, whose, limit, used, of }];
}

const LIMIT_WORDS: Readonly<Record<QuotaRefusal['limit'], string>> = {
  hardGpus: 'GPUs at once',
  hardCpuSlots: 'CPU slots at once',
  runningJobs: 'jobs at once',
  queuedJobs: 'jobs in the queue',
};

function ownPromise({ reservation }: WaitingJob, { engine, now }: WhyContext): Fact<'promise'>[] {
  if (!reservation) return [];
  const nodes = reservation.nodeIds.map((nodeId) => nodeWord(engine, nodeId));
  const where = listed(nodes.map(({ nodeName }) => nodeName));
  const message = `It was promised a start on ${where} ${inTime(reservation.at, now)}.`;
  return [{ code: 'promise', message, at: reservation.at, nodes }];
}
