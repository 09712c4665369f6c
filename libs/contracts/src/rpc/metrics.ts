// A job's metrics, one point at a time.
import { Type, type Static } from 'typebox';
import { MetricValues } from '../events/job.ts';
import { Timestamp, strict } from '../schema.ts';

/** Names of what the agent measures begin so; a job's own metrics can't. */
export const SYSTEM_METRICS = 'system/';
export const MetricName = Type.String({
  pattern: '^(?!system/)[A-Za-z_][A-Za-z0-9_./@-]{0,63}$',
  description: 'letters, digits and _ . / @ -; at most 64; not beginning with system/',
});

/** One point of a job's metrics, as it travels in METRICS and over REST. */
export const MetricPoint = strict({
  /** Counts up within the attempt and the source: the agent, or REST. */
  seq: Type.Integer({ minimum: 0 }),
  at: Timestamp,
  step: Type.Optional(Type.Number()),
  values: MetricValues,
});
export type MetricPoint = Static<typeof MetricPoint>;
