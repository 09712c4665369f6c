// The scheduling policy as the log holds it: names resolved to ids, units normalised, defaults filled in.
import { Type, type Static } from 'typebox';
import { Id, Name, strict } from './schema.ts';

const DurationMs = Type.Integer({ minimum: 0 });
export const Share = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 });
const Count = Type.Integer({ minimum: 0 });

/** Higher priorities go first; inside a class it is the order's word. */
export const PriorityClass = strict({
  name: Name,
  priority: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }),
  /** Its jobs may have preemptible jobs of lower classes stopped to make room. */
  preempts: Type.Boolean(),
  /** Its jobs that keep checkpoints may be stopped for a class that preempts, and go on later. */
  preemptible: Type.Boolean(),
});
export type PriorityClass = Static<typeof PriorityClass>;

/** `hard`: never above. `guaranteed`: goes first while below, and may be reclaimed from those above theirs. Absent: no limit. */
export const Quota = strict({
  /** Whose: one user, one group, or each user who has none of their own. */
  of: Type.Union([
    strict({ userId: Id }),
    strict({ groupId: Id }),
    strict({ each: Type.Literal('user') }),
    strict({ each: Type.Literal('group') }),
  ]),
  hardGpus: Type.Optional(Count),
  guaranteedGpus: Type.Optional(Count),
  hardCpuSlots: Type.Optional(Count),
  runningJobs: Type.Optional(Count),
  queuedJobs: Type.Optional(Count),
});
export type Quota = Static<typeof Quota>;

/** What is kept of jobs that are over; without an age and a size for ever. */
export const KeptContent = strict({
  keepForMs: Type.Optional(Type.Integer({ minimum: 1_000 })),
  /** Of whole outputs together, or of metrics as they were sent; the oldest go. */
  keepBytes: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type KeptContent = Static<typeof KeptContent>;
const RetentionRules = { output: Type.Optional(KeptContent), metrics: Type.Optional(KeptContent) };
export const Retention = strict({
  /** Of each group that has none of its own, and of each user's jobs that are of no group. */
  ...RetentionRules,
  groups: Type.Optional(Type.Record(Id, strict(RetentionRules))),
});
export type Retention = Static<typeof Retention>;

export const ORDERS = ['fair-share', 'fifo', 'shortest', 'las'] as const;
export const Policy = strict({
  /**
   * Inside a class. `fair-share`: whoever has used least for their share, then by size and age; `fifo`: by submission; `shortest`:
   * by time limit or estimate; `las`: least attained service, in queues (Tiresias' 2D-LAS).
   */
  order: Type.Union([Type.Literal('fair-share'), Type.Literal('fifo'), Type.Literal('shortest'), Type.Literal('las')]),
  classes: Type.Array(PriorityClass, { minItems: 1, maxItems: 64 }),
  defaultClass: Name,
  fairShare: strict({
    halfLifeMs: Type.Integer({ minimum: 60_000 }),
    /** Of groups among each other, and of users who submit for none of them as if each were a group of one. Absent: 1. */
    groups: Type.Record(Id, Share),
    /** Of users among each other inside a group. Absent: 1. */
    users: Type.Record(Id, Share),
  }),
  quotas: Type.Array(Quota, { maxItems: 10_000 }),
  backfill: strict({
    /** Whether a job may start before one that is blocked and stands before it; if not, the first blocked job blocks all behind it. */
    enabled: Type.Boolean(),
    /** How many blocked jobs have a start that nobody may delay but those of a higher class. */
    reservations: Type.Integer({ minimum: 0, maximum: 10_000 }),
    /** Which: the first in the order, or those only that have waited too long as waits go at present. */
    reserveFor: Type.Union([Type.Literal('first'), Type.Literal('overdue')]),
    /** Taken for a job that has no time limit of its own. */
    defaultTimeLimitMs: Type.Integer({ minimum: 1_000 }),
  }),
  /** A job that has waited so long goes before all of its class; 0: never, nor is any bound put to waiting by how much waits. */
  promoteAfterMs: DurationMs,
  placement: Type.Union([Type.Literal('pack'), Type.Literal('spread')]),
  preemption: strict({
    /** `class`: only for a class that preempts; `order`: also for a job of the same class that stands before it in the order. */
    by: Type.Union([Type.Literal('class'), Type.Literal('order')]),
    /** So long a job runs before it may be stopped for another. */
    minRunMs: DurationMs,
  }),
  handOff: strict({
    /** Whether jobs are assigned behind running ones, and made ready there. */
    enabled: Type.Boolean(),
  }),
  /** Attained device-seconds at which a job sinks into the next queue of `las`. */
  lasThresholdsDeviceSeconds: Type.Array(Type.Number({ exclusiveMinimum: 0 }), { maxItems: 16 }),
  /** Absent: all that jobs leave is kept. */
  retention: Type.Optional(Retention),
});
export type Policy = Static<typeof Policy>;

export const DEFAULT_POLICY: Policy = {
  order: 'fair-share',
  classes: [
    { name: 'urgent', priority: 100, preempts: true, preemptible: false },
    { name: 'normal', priority: 0, preempts: false, preemptible: true },
    { name: 'scavenger', priority: -100, preempts: false, preemptible: true },
  ],
  defaultClass: 'normal',
  fairShare: { halfLifeMs: 7 * 86_400_000, groups: {}, users: {} },
  quotas: [],
  backfill: { enabled: true, reservations: 1, reserveFor: 'overdue', defaultTimeLimitMs: 86_400_000 },
  promoteAfterMs: 60 * 86_400_000,
  placement: 'pack',
  preemption: { by: 'class', minRunMs: 600_000 },
  handOff: { enabled: true },
  lasThresholdsDeviceSeconds: [3_600, 36_000, 360_000],
};
