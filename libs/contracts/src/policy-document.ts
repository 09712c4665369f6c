// The scheduling policy as people write it: durations as text, people and groups by name; what is left out is the default.
import { Type, type Static } from 'typebox';
import { Policy, PriorityClass, Quota, Share } from './policy.ts';
import { strict } from './schema.ts';

/** Seconds, or text such as "2h30m". */
const Duration = Type.Union([Type.Number({ minimum: 0 }), Type.String({ maxLength: 64 })]);
/** A user's id or e-mail address. */
const UserName = Type.String({ minLength: 1, maxLength: 128 });
/** A group's id or name. */
const GroupName = Type.String({ minLength: 1, maxLength: 128 });

const { of: _of, ...limits } = Quota.properties;
export const QuotaDocument = strict({
  /** Whose: one of these three. */
  user: Type.Optional(UserName),
  group: Type.Optional(GroupName),
  each: Type.Optional(Type.Union([Type.Literal('user'), Type.Literal('group')])),
  ...limits,
});
export type QuotaDocument = Static<typeof QuotaDocument>;

/** Bytes, or text such as "50GiB". */
const Size = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ maxLength: 64 })]);
const Kept = strict({ keepFor: Type.Optional(Duration), keepBytes: Type.Optional(Size) });
const RetentionRules = { output: Type.Optional(Kept), metrics: Type.Optional(Kept) };
export const RetentionDocument = strict({
  ...RetentionRules,
  groups: Type.Optional(Type.Record(Type.String(), strict(RetentionRules))),
});
export type RetentionDocument = Static<typeof RetentionDocument>;

const { name, priority, preempts, preemptible } = PriorityClass.properties;
const { defaultTimeLimitMs: _defaultTimeLimitMs, ...backfill } = Policy.properties.backfill.properties;
const { minRunMs: _minRunMs, ...preemption } = Policy.properties.preemption.properties;
export const PolicyDocument = strict({
  order: Type.Optional(Policy.properties.order),
  classes: Type.Optional(
    Type.Array(strict({ name, priority, preempts: Type.Optional(preempts), preemptible: Type.Optional(preemptible) }), {
      minItems: 1,
      maxItems: 64,
    }),
  ),
  defaultClass: Type.Optional(Policy.properties.defaultClass),
  fairShare: Type.Optional(
    strict({
      halfLife: Type.Optional(Duration),
      groups: Type.Optional(Type.Record(Type.String(), Share)),
      users: Type.Optional(Type.Record(Type.String(), Share)),
    }),
  ),
  quotas: Type.Optional(Type.Array(QuotaDocument, { maxItems: 10_000 })),
  backfill: Type.Optional(
    strict({ ...Type.Partial(strict(backfill)).properties, defaultTimeLimit: Type.Optional(Duration) }),
  ),
  promoteAfter: Type.Optional(Duration),
  placement: Type.Optional(Policy.properties.placement),
  preemption: Type.Optional(
    strict({ ...Type.Partial(strict(preemption)).properties, minRun: Type.Optional(Duration) }),
  ),
  handOff: Type.Optional(strict(Type.Partial(Policy.properties.handOff).properties)),
  /** Of one device: four devices reach "1h" after 15 minutes. */
  lasThresholds: Type.Optional(Type.Array(Duration, { maxItems: 16 })),
  /** How long output and metrics of jobs that are over are kept; what has no rule, for ever. */
  retention: Type.Optional(RetentionDocument),
});
export type PolicyDocument = Static<typeof PolicyDocument>;
