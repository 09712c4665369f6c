// The states of a job, and what is asked and answered about many of them.
import { Type, type Static } from 'typebox';
import { ArrayPlace } from '../job-spec.ts';
import { Id, Name, Ref, strict } from '../schema.ts';
import { Changed, PageQuery } from './common.ts';

export const JOB_STATES = [
  'queued',
  'assigned',
  'starting',
  'running',
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStateName = (typeof JOB_STATES)[number];
export const JobStateName = Type.Union([
  Type.Literal('queued'),
  Type.Literal('assigned'),
  Type.Literal('starting'),
  Type.Literal('running'),
  Type.Literal('stopping'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export function isFinal(state: JobStateName): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

export const JobListing = strict({
  ...PageQuery,
  state: Type.Optional(JobStateName),
  active: Type.Optional(Type.Boolean()),
  owner: Type.Optional(Id),
  name: Type.Optional(Name),
  node: Type.Optional(Ref),
  array: Type.Optional(Id),
});

/** Of an array, `id` is its first job's. */
export const JobSubmission = strict({
  ...Changed.properties,
  array: Type.Optional(strict({ id: Id, count: ArrayPlace.properties.count })),
});
export type JobSubmission = Static<typeof JobSubmission>;
/** One job, or a whole array: `jobs` then says how many of it were not over yet. */
export const ChangedJobs = strict({ ...Changed.properties, jobs: Type.Optional(Type.Integer({ minimum: 0 })) });
export type ChangedJobs = Static<typeof ChangedJobs>;
