// Why a queued job waits, in a code and in a sentence.
import { partOf, type WaitCode, type WaitReason } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';
import type { Engine } from './engine.ts';
import type { WaitingJob } from './engine-model.ts';
import { explainGate } from './explain-gate.ts';
import { lineStanding } from './line-standing.ts';

export interface Waiting {
  /** What keeps it out of the queue; null if nothing does. */
  readonly gate: Gate | null;
  readonly now: number;
}

export function explainWait(jobId: string, engine: Engine, { gate, now }: Waiting): WaitReason {
  const job = engine.queueIndex.get(jobId);
  if (gate !== null || job === undefined) {
    const position = engine.queueIndex.size + 1;
    return explainGate(gate ?? { code: 'retry-backoff', until: now }, position, now);
  }
  const view = engine.orderView(now);
  const position = engine.queueIndex.position(jobId, view) ?? 1;
  const code = codeOf(job, engine, now);
  const heldBy = holders(job, engine, now);
  return { code, message: words(job, code, { position, holding: heldBy.length }), position, heldBy };
}

function words({ shape }: WaitingJob, code: WaitCode, { position, holding }: { position: number; holding: number }) {
  const special = shape.nodes > 1 ? gangSentence(code, shape.nodes) : partSentence(shape, code, holding);
  return special ?? sentence(code, position, holding);
}

interface Placed {
  readonly now: number;
  readonly code: WaitCode;
  readonly position: number;
}

/** For one whose code and place are known. */
export function waitSentence(job: WaitingJob, engine: Engine, { now, code, position }: Placed): string {
  const holding = code === 'devices-busy' && job.shape.nodes === 1 ? holders(job, engine, now).length : 0;
  return words(job, code, { position, holding });
}

/** One that would fit waits for those before it, as does one behind another of its shape. */
function codeOf(job: WaitingJob, engine: Engine, now: number): WaitCode {
  const refusal = engine.quotas.mayStart(job.owner, job.shape);
  if (refusal) return refusal.code;
  const found = engine.cluster.find(engine.ask(job), now);
  if ('places' in found) return 'behind-in-queue';
  return isFirstOfShape(job, engine, now) ? found.code : 'behind-in-queue';
}

function isFirstOfShape(job: WaitingJob, engine: Engine, now: number): boolean {
  const walk = engine.queueIndex.walk(engine.orderView(now), ({ shape }) => shape === job.shape);
  return walk.next()?.id === job.id;
}

/** Jobs on the devices that it could use. */
function holders(job: WaitingJob, engine: Engine, now: number): string[] {
  return [...new Set(engine.cluster.whyNot(engine.ask(job), now).flatMap(({ heldBy }) => heldBy))];
}

/** For one that is assigned behind running attempts; `progress` says what is being fetched for it. */
export function explainLine(jobId: string, engine: Engine, progress: string | null): WaitReason | null {
  const standing = lineStanding(jobId, engine);
  if (!standing) return null;
  const { position, behind } = standing;
  const staging = explainStaging(progress);
  return {
    code: 'staged-behind',
    message: [sentence('staged-behind', position, behind.length), staging?.message].filter(Boolean).join(' '),
    position,
    heldBy: [...behind],
  };
}

/** For one that has its devices and no process yet. Null: nothing is being fetched or built for it. */
export function explainStaging(progress: string | null): WaitReason | null {
  return progress === null ? null : { code: 'staging', message: `Staging: ${progress}.`, position: 1, heldBy: [] };
}

/** Null where it changes nothing that it asks for a part only. */
function partSentence({ twentieths }: WaitingJob['shape'], code: WaitCode, holding: number): string | null {
  if (twentieths === undefined) return null;
  if (code === 'no-node') return 'No node that could hold it lets jobs share its devices.';
  if (code !== 'devices-busy') return null;
  const holders = `${holding} running ${holding === 1 ? 'job holds' : 'jobs hold'}`;
  return `It waits for ${partOf(twentieths)} of a device that jobs share; ${holders} what it could use.`;
}

/** Null where the number of nodes changes nothing. */
function gangSentence(code: WaitCode, nodes: number): string | null {
  switch (code) {
    case 'devices-busy':
    case 'cpus-busy':
    case 'memory-busy': {
      const what = { 'devices-busy': 'devices', 'cpus-busy': 'CPUs', 'memory-busy': 'memory' }[code];
      return `It waits for ${what} on ${nodes} nodes at once.`;
    }
    case 'node-unreachable':
      return `Of the nodes that could hold it, fewer than ${nodes} are heard from.`;
    case 'node-cordoned':
      return `Of the nodes that could hold it, fewer than ${nodes} take new jobs for now.`;
    case 'no-node':
      return `Fewer than ${nodes} nodes that could hold it have joined.`;
    case 'reserved':
      return `It would fit on ${nodes} nodes now, but would delay a job that was promised a start there.`;
    case 'booked':
      return `Of the nodes that it would fit on now, too few stay free of bookings for others until its time limit.`;
    case 'behind-in-queue':
    case 'staged-behind':
    case 'staging':
    case 'user-quota':
    case 'group-quota':
    case 'retry-backoff':
    case 'begin-later':
    case 'held':
    case 'waiting-for-job':
    case 'array-limit':
    case 'array-incomplete':
      return null;
    default:
      return code satisfies never;
  }
}

function sentence(code: WaitCode, position: number, holding: number): string {
  switch (code) {
    case 'behind-in-queue':
      return `It is number ${position} in the queue; those ahead go first.`;
    case 'devices-busy':
      return `It waits for a device; ${holding} running ${holding === 1 ? 'job holds' : 'jobs hold'} what it could use.`;
    case 'cpus-busy':
      return 'It waits for CPUs on a node that could hold it.';
    case 'memory-busy':
      return 'It waits for memory on a node that could hold it.';
    case 'node-unreachable':
      return 'The node that could hold it is not heard from.';
    case 'node-cordoned':
      return 'The node that could hold it takes no new jobs for now.';
    case 'no-node':
      return 'No node that could hold it has joined yet.';
    case 'staged-behind':
      return `It is number ${position} in the line of its node, and starts the moment ${holding === 1 ? 'the running job ends' : 'enough of the running jobs have ended'}.`;
    case 'user-quota':
      return 'As many jobs or devices of its owner are in use as the quota allows.';
    case 'group-quota':
      return 'As many jobs or devices of its group are in use as the quota allows.';
    case 'reserved':
      return 'It would fit now, but would delay a job that was promised a start.';
    case 'booked':
      return 'It would fit now, but by its time limit would run into a booking for others.';
    // Each has a sentence of its own.
    case 'staging':
    case 'retry-backoff':
    case 'begin-later':
    case 'held':
    case 'waiting-for-job':
    case 'array-limit':
    case 'array-incomplete':
      return 'It may not start yet.';
    default:
      return code satisfies never;
  }
}
