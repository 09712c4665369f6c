// Commands on many jobs: each is tried, what failed is said for each, and the exit code is that of the first failure.
import type { BatonClient } from '@baton/sdk';
import { describeFailure, failureText } from '../../failure.ts';
import { findJobId, isArrayId } from '../../job/find-job.ts';
import { note } from '../../output/print.ts';

export interface Outcome<T> {
  readonly ref: string;
  readonly result?: T;
  readonly error?: { readonly code: string; readonly message: string };
}

export async function forEachJob<T>(
  client: BatonClient,
  refs: readonly string[],
  work: (id: string) => Promise<T>,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  for (const ref of new Set(refs)) {
    try {
      outcomes.push({ ref, result: await work(isArrayId(ref) ? ref : await findJobId(client, ref)) });
    } catch (error) {
      const failure = describeFailure(error);
      process.exitCode ??= failure.exitCode;
      note(failureText({ ...failure, message: `${ref}: ${failure.message}` }));
      outcomes.push({ ref, error: { code: failure.code, message: failure.message } });
    }
  }
  return outcomes;
}
