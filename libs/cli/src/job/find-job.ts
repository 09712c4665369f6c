// Which job is meant: its id, the beginning of one, or a name (the newest job of that name).
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { listItems } from '../pages.ts';

const FULL_ID = /^job_[a-z0-9]{26}$/;
const ID_START = /^(?:job_)?[a-z0-9]{3,26}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** How much of an id people are shown in lists: enough to be unique. */
const SHORT = 12;

export function shortId(id: string): string {
  return id.slice(0, SHORT);
}

const ARRAY_ID = /^arr_[a-z0-9]{26}$/;

export function isArrayId(ref: string): boolean {
  return ARRAY_ID.test(ref);
}

/** An array's own id, or any of its jobs. */
export async function findArrayId(client: BatonClient, ref: string): Promise<string> {
  if (isArrayId(ref)) return ref;
  const { array, id } = await findJob(client, ref);
  if (!array) throw new Failure(EXIT.notFound, `Job ${id} is of no array.`);
  return array.id;
}

export async function findJobId(client: BatonClient, ref: string): Promise<string> {
  return FULL_ID.test(ref) ? ref : (await findJob(client, ref)).id;
}

/** Of an array, by its id, all of its jobs, in their order. */
export async function findJobIds(client: BatonClient, ref: string): Promise<string[]> {
  return isArrayId(ref) ? (await findArrayJobs(client, ref)).map(({ id }) => id) : [await findJobId(client, ref)];
}

export async function findArrayJobs(client: BatonClient, array: string): Promise<JobView[]> {
  const jobs = await listItems(client.jobs.list, { array, sort: 'createdAt' });
  if (jobs.length === 0) throw new Failure(EXIT.notFound, `There is no array ${array}.`);
  return jobs.toSorted((one, other) => (one.array?.index ?? 0) - (other.array?.index ?? 0));
}

export async function findJob(client: BatonClient, ref: string): Promise<JobView> {
  if (FULL_ID.test(ref)) return client.jobs.get(ref);
  const named = NAME.test(ref) ? await client.jobs.list({ name: ref, sort: '-createdAt', limit: 1 }) : undefined;
  const newest = named?.items[0];
  if (newest) return newest;
  if (!ID_START.test(ref)) throw unknownJob(ref);
  return oneByPrefix(await listItems(client.jobs.list, { sort: '-createdAt' }), ref);
}

/** Throws if none or several begin like that. */
export function oneByPrefix<T extends { readonly id: string }>(jobs: readonly T[], ref: string): T {
  const start = ref.startsWith('job_') ? ref : `job_${ref}`;
  const [first, second] = jobs.filter(({ id }) => id.startsWith(start));
  if (!first) throw unknownJob(ref);
  if (second) throw new Failure(EXIT.usage, `Several jobs' ids begin with ${start}. Give more of the id.`);
  return first;
}

function unknownJob(ref: string): Failure {
  return new Failure(EXIT.notFound, `There is no job ${ref}. \`baton job list\` shows yours.`);
}
