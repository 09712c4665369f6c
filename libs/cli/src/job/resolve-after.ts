// The jobs that a specification waits for, from what people call them to ids.
import type { BatonClient } from '@baton/sdk';
import { findJobId, isArrayId } from './find-job.ts';
import type { DraftSpec } from './job-spec.ts';

/** What is no list of jobs stays as it is: the platform says what is wrong with it. */
export async function resolveAfter(client: BatonClient, draft: DraftSpec): Promise<DraftSpec> {
  const { after } = draft;
  if (!Array.isArray(after)) return draft;
  const resolved = await Promise.all(
    after.map(async (one) => {
      if (typeof one?.job !== 'string' || isArrayId(one.job)) return one;
      return { ...one, job: await findJobId(client, one.job) };
    }),
  );
  return { ...draft, after: resolved };
}
