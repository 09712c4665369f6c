// The idle-gap ledger as it is asked for and answered: where every second of every device went.
import { Type, type Static } from 'typebox';
import { AttemptNumber, Id, Name, Ref, strict, Timestamp } from '../schema.ts';

/** Microseconds. */
const Duration = Type.Integer({ minimum: 0, description: 'microseconds' });
/** Microseconds since the Unix epoch, UTC. */
const Instant = Type.Integer({ minimum: 0, description: 'microseconds since the Unix epoch' });

/** What a device's time goes to; every instant is exactly one of these. */
const categories = {
  /** A job's process runs on it. */
  running: Duration,
  /** A job started early has it, and has not called `baton.take()` yet; nothing else runs. */
  'waiting-for-take': Duration,
  /** Given to a job whose process does not run yet. */
  starting: Duration,
  /** A job was cancelled, and processes of it are left. */
  stopping: Duration,
  /** Code, data or environment of the next job are being prepared, with nothing running. */
  staging: Duration,
  /** Its node is not heard from, and nothing is known to have run. */
  unreachable: Duration,
  /** No scheduler led. */
  'platform-down': Duration,
  /** Sick, cordoned or removed. */
  'out-of-service': Duration,
  'idle-empty': Duration,
  /** Idle, though something queued that could have used it. */
  'idle-queued': Duration,
};
export type GapCategory = keyof typeof categories;
export const GAP_CATEGORIES = Object.keys(categories) as readonly GapCategory[];
const GapCategory = Type.Unsafe<GapCategory>(Type.Union(GAP_CATEGORIES.map((category) => Type.Literal(category))));

/** Microseconds by category; they sum to the wall time. */
export const GapTotals = strict(categories);
export type GapTotals = Static<typeof GapTotals>;

export const GapInterval = strict({
  fromUs: Instant,
  toUs: Instant,
  category: GapCategory,
  /** Of a device that jobs share: what this takes of it, beside others at the same time. Absent: all of it. */
  part: Type.Optional(Type.Number()),
  /** Null: a job of somebody else. Absent where no job has the device. */
  job: Type.Optional(Type.Union([strict({ id: Id, attempt: AttemptNumber, name: Name, ownerId: Id }), Type.Null()])),
  /** Of idle-queued: the scheduler's code; of out-of-service: why. */
  reason: Type.Optional(Type.String()),
  /** Nothing that may still be reported can change it. */
  final: Type.Boolean(),
});
export type GapInterval = Static<typeof GapInterval>;

export const DeviceGaps = strict({
  nodeId: Id,
  nodeName: Type.String(),
  device: Type.String(),
  /** The asked time, or from when the device joined. */
  fromUs: Instant,
  toUs: Instant,
  totals: GapTotals,
  intervals: Type.Array(GapInterval),
  /** There were too many intervals: each shown is what took most of its time. The totals are exact all the same. */
  coalesced: Type.Boolean(),
});
export type DeviceGaps = Static<typeof DeviceGaps>;

/** Device time that jobs had: the whole of it, and how much of that their processes ran. */
const Cost = { heldUs: Duration, runningUs: Duration };
export const GapCosts = strict({
  /** The costliest first, at most 1,000. */
  jobs: Type.Array(strict({ jobId: Id, name: Name, ownerId: Id, groupId: Type.Union([Id, Type.Null()]), ...Cost })),
  users: Type.Array(strict({ userId: Id, ...Cost })),
  groups: Type.Array(strict({ groupId: Id, ...Cost })),
  /** Jobs that the caller may not see, or did not ask for. */
  others: strict(Cost),
});
export type GapCosts = Static<typeof GapCosts>;

export const GapsQuery = strict({
  /** Milliseconds since the Unix epoch; a day before `until` if absent. */
  since: Type.Optional(Timestamp),
  /** Now if absent, or if it lies ahead. */
  until: Type.Optional(Timestamp),
  node: Type.Optional(Ref),
  /** Names the jobs of one user only; an id, or `me`. */
  user: Type.Optional(Type.String({ pattern: '^(me|[a-z]{3}_[a-z0-9]{26})$', description: 'an id, or `me`' })),
});
export type GapsQuery = Static<typeof GapsQuery>;

export const GapsView = strict({
  since: Timestamp,
  until: Timestamp,
  devices: Type.Array(DeviceGaps),
  totals: GapTotals,
  /** Of `idle-queued`, by the scheduler's code; of `out-of-service`, by its reason. */
  reasons: strict({
    'idle-queued': Type.Record(Type.String(), Duration),
    'out-of-service': Type.Record(Type.String(), Duration),
  }),
  costs: GapCosts,
});
export type GapsView = Static<typeof GapsView>;
