// What is asked and answered about the queue: its order, why a job waits, and who started before it; now and in the past.
import { Type, type Static, type TProperties, type TSchema } from 'typebox';
import { Id, Name, Ref, Timestamp, strict } from '../schema.ts';
import { ExpectedTimes } from './forecast.ts';
import { JobStateName } from './jobs.ts';
import { rpc } from './rpc.ts';
import { WaitCode } from './scheduler.ts';

const Count = Type.Integer({ minimum: 0 });
const Sentence = Type.String({ description: 'one sentence for people' });
const orNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);

/** All null: a job that the caller may not read. */
export const JobWord = strict({ id: orNull(Id), name: orNull(Name), ownerId: orNull(Id) });
export type JobWord = Static<typeof JobWord>;

/** Of a job on a node: until when it holds its devices at the latest; null: not known, or it has no time limit. */
export const Holder = strict({ job: JobWord, since: orNull(Timestamp), until: orNull(Timestamp) });
export type Holder = Static<typeof Holder>;

const fact = <C extends string, P extends TProperties>(code: C, properties: P) =>
  strict({ code: Type.Literal(code), message: Sentence, ...properties });
const OnNode = { nodeId: Id, nodeName: Type.String() };

export const WhyFact = Type.Union([
  /** It does not wait. */
  fact('not-waiting', { state: JobStateName }),
  /** It is not in the queue yet. */
  fact('gate', { gate: WaitCode, jobs: Type.Array(JobWord), until: orNull(Timestamp) }),
  /** It is assigned, behind what runs on its node. */
  fact('line', { ...OnNode, position: Type.Integer({ minimum: 1 }), behind: Type.Array(Holder) }),
  /** `ahead`: the first of those that stand before it. */
  fact('order', { className: Name, priority: Type.Number(), position: Count, of: Count, ahead: Type.Array(JobWord) }),
  /** It goes before the others of its class, for it has waited so long. */
  fact('promoted', { waitedMs: Count, afterMs: Count }),
  /** It goes before others of its owner. */
  fact('overdue', { waitedMs: Count }),
  /** Decayed use of devices, against the share; `before`: so many owners in the queue stand better, of `of`. */
  fact('share', {
    userDeviceMs: Type.Number(),
    userShare: Type.Number(),
    groupDeviceMs: Type.Number(),
    groupShare: Type.Number(),
    before: Count,
    of: Count,
  }),
  fact('quota', {
    whose: Type.Union([Type.Literal('user'), Type.Literal('group')]),
    limit: Type.String(),
    used: Count,
    of: Count,
  }),
  /** It has itself been promised a start. */
  fact('promise', { at: Timestamp, nodes: Type.Array(strict(OnNode)) }),
  fact('promised-ahead', { job: JobWord, at: Timestamp, nodes: Type.Array(strict(OnNode)) }),
  fact('booking', {
    bookingId: Id,
    ...OnNode,
    devices: Type.Union([Type.Array(Type.String()), Type.Null()]),
    from: Timestamp,
    until: Timestamp,
  }),
  /** How many nodes say what; `fits`: it could start there now. */
  fact('nodes', { counts: Type.Record(Type.String(), Count) }),
  /** What one node lacks, who holds it there, and who is in line there and goes first. */
  fact('node', {
    ...OnNode,
    why: WaitCode,
    lacks: Type.Array(Type.String()),
    heldBy: Type.Array(Holder),
    inLine: Type.Array(JobWord),
  }),
]);
export type WhyFact = Static<typeof WhyFact>;

export const WhyView = strict({
  jobId: Id,
  name: Name,
  /** Of which time this tells. */
  at: Timestamp,
  state: JobStateName,
  /** Null if it did not wait. */
  code: Type.Union([WaitCode, Type.Null()]),
  message: Sentence,
  facts: Type.Array(WhyFact),
  /** Absent of a time past, and where it is over. */
  expected: Type.Optional(ExpectedTimes),
});
export type WhyView = Static<typeof WhyView>;

const Waits = {
  /** 1 = next; null: not in the queue yet, or in the line of a node already. */
  place: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  job: JobWord,
  className: Name,
  /** In words. */
  shape: Type.String(),
  submittedAt: Timestamp,
  code: WaitCode,
  message: Sentence,
  /** When it starts at the latest; null: nothing was promised. */
  promisedAt: orNull(Timestamp),
  /** Absent of a time past. */
  expected: Type.Optional(ExpectedTimes),
};
export const QueueItem = strict(Waits);
export type QueueItem = Static<typeof QueueItem>;

export const QueueView = strict({
  at: Timestamp,
  /** First those in the lines of nodes, then the queue in its order, then those that may not start yet. */
  items: Type.Array(QueueItem),
  /** All, also those that are not among the items. */
  counts: strict({ inLine: Count, queued: Count, notYet: Count }),
});
export type QueueView = Static<typeof QueueView>;

export const OVERTAKING_CODES = [
  /** The job that was overtaken was not to start yet, or had reached a quota. */
  'not-yet',
  'quota',
  'higher-class',
  'below-guarantee',
  'promised',
  'owner-stood-better',
  'smaller',
  'fitted',
  'in-line',
  'order',
] as const;
export type OvertakingCode = (typeof OVERTAKING_CODES)[number];
export const Overtaker = strict({
  job: JobWord,
  className: Name,
  shape: Type.String(),
  submittedAt: Timestamp,
  startedAt: Timestamp,
  code: Type.Unsafe<OvertakingCode>(Type.Union(OVERTAKING_CODES.map((code) => Type.Literal(code)))),
  message: Sentence,
});
export type Overtaker = Static<typeof Overtaker>;

export const OvertakersView = strict({
  jobId: Id,
  name: Name,
  submittedAt: Timestamp,
  /** When it got its devices first; null: not yet. */
  startedAt: orNull(Timestamp),
  /** By their start, at most 1,000. */
  items: Type.Array(Overtaker),
  total: Count,
});
export type OvertakersView = Static<typeof OvertakersView>;

export const QueueQuery = strict({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })) });
export type QueueQuery = Static<typeof QueueQuery>;

export const queueRpc = {
  queue: rpc('rpc.scheduler.queue', QueueQuery, QueueView),
  why: rpc('rpc.scheduler.why', strict({ id: Ref }), WhyView),
  overtakers: rpc('rpc.scheduler.overtakers', strict({ id: Ref }), OvertakersView),
} as const;
