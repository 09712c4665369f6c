// The demo's question to the scheduler: why did this job wait? Of a time before the crash: the log knows.
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { line } from './story.ts';

/** Of the last job, shortly before the first one ended: the reason, and the facts behind it that tell most. */
export async function whyAtTheTime(client: BatonClient, jobs: readonly JobView[]): Promise<void> {
  const [first, last] = [jobs[0], jobs.at(-1)];
  if (!first || !last) return;
  const at = (first.attempts.at(-1)?.endedAt ?? last.createdAt) - 100;
  const { code, message, facts } = await client.queue.why(last.id, { at });
  if (code === null) throw new Error(`${last.name} did not wait at ${new Date(at).toISOString()}: ${message}`);
  line(`baton job why ${last.name} --at ${new Date(at).toISOString()}`);
  line(`  ${code}: ${message}`);
  const told = facts.filter((fact) => fact.code !== 'nodes' && fact.message !== message);
  for (const fact of told.slice(0, 2)) line(`  ${fact.code}: ${fact.message}`);
}
