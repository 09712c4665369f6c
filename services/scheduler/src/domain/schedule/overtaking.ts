// Why a job that came later got devices before one that came earlier. Pure.
import type { OvertakingCode } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';
import type { Engine } from './engine.ts';
import type { WaitingJob } from './engine-model.ts';
import { explainGate } from './explain-gate.ts';
import { deviceHours } from './why.ts';

export interface OvertakingReason {
  readonly code: OvertakingCode;
  readonly message: string;
}

export interface Overtaken {
  readonly id: string;
  readonly gate: Gate | null;
  readonly now: number;
}

/** As all was just before the later one was assigned: `over` is the one that came earlier. */
export function overtakingReason(laterId: string, over: Overtaken, engine: Engine): OvertakingReason {
  const earlier = engine.queueIndex.get(over.id);
  const later = engine.queueIndex.get(laterId);
  if (over.gate !== null) return notYet(over.gate, over.now);
  if (earlier === undefined) return { code: 'in-line', message: 'This one was in the line of a node by then.' };
  if (later === undefined) return { code: 'order', message: 'It stood before this one.' };
  return blockedItself(earlier, engine) ?? byClassOrOrder(later, earlier, engine, over.now);
}

function notYet(gate: Gate, now: number): OvertakingReason {
  const why = gate.code === 'waiting-for-job' ? 'It waited for other jobs.' : explainGate(gate, 1, now).message;
  return { code: 'not-yet', message: `This one was not to start yet. ${why}` };
}

function blockedItself({ owner, shape }: WaitingJob, { quotas }: Engine): OvertakingReason | null {
  const refusal = quotas.mayStart(owner, shape);
  if (refusal === null) return null;
  const whose = refusal.code === 'user-quota' ? 'owner' : 'group';
  return {
    code: 'quota',
    message: `This one's ${whose} had reached its quota (${refusal.used} of ${refusal.of} in use).`,
  };
}

function byClassOrOrder(later: WaitingJob, earlier: WaitingJob, engine: Engine, now: number): OvertakingReason {
  if (engine.priority(later.className) > engine.priority(earlier.className))
    return { code: 'higher-class', message: `Its class, ${later.className}, goes before ${earlier.className}.` };
  if (later.reservation) return { code: 'promised', message: 'It had been promised a start.' };
  const view = engine.orderView(now);
  const place = (id: string) => engine.queueIndex.position(id, view) ?? Infinity;
  const fits = 'places' in engine.cluster.find(engine.ask(earlier), now);
  if (place(later.id) > place(earlier.id) && !fits)
    return { code: 'fitted', message: 'It fitted where this one did not.' };
  return byStanding(later, earlier, engine, now);
}

function byStanding(later: WaitingJob, earlier: WaitingJob, engine: Engine, now: number): OvertakingReason {
  const { policy, quotas, usage } = engine;
  if (policy.order !== 'fair-share') {
    const message = `The policy's order, ${policy.order}, put it before this one.`;
    return { code: 'order', message };
  }
  if (quotas.isBelowGuarantee(later.owner) && !quotas.isBelowGuarantee(earlier.owner))
    return { code: 'below-guarantee', message: 'Its owner had less than what is guaranteed to them.' };
  if (usage.compare(later.owner, earlier.owner, now, policy.fairShare) < 0) {
    const used = deviceHours(usage.usageOf(earlier.owner, now).group);
    const message = `Its owner had lately used less for their share than this one's (${used}).`;
    return { code: 'owner-stood-better', message };
  }
  if (later.owner.userId === earlier.owner.userId && later.owner.groupId === earlier.owner.groupId)
    return { code: 'smaller', message: 'Of the same owner, it went first by size and age.' };
  return { code: 'order', message: 'The order of the queue put it before this one.' };
}
