// Jobs that count, in their log, their metrics and an artifact, until they are released: what of them is lost shows as a gap.
import type { JobSpec, JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { expect } from 'vitest';
import { shell } from './jobs.ts';

/** Some five numbers a second. `alive` is a file that gets a line for each: attempt, and nanoseconds of the machine's clock. */
export function counting(release: string, more: Partial<JobSpec> = {}, alive = '/dev/null'): JobSpec {
  const count = 'i=$((i+1)); echo "step=$i count=$i"';
  const line = `i=0; while [ ! -e ${release} ]; do ${count}; echo "$BATON_ATTEMPT $(date +%s%N)" >> ${alive}; sleep 0.2; done`;
  return shell(`${line}; echo $i > "$BATON_OUTPUT_DIR/count"`, more);
}

/** Ran once, and all that it wrote is there, once and in order. */
export async function expectWhole(client: BatonClient, job: JobView): Promise<void> {
  expect(job).toMatchObject({ state: 'succeeded', counters: { userFailures: 0, infrastructureLosses: 0 } });
  expect(job.attempts).toHaveLength(1);
  const steps = Number(await (await client.jobs.artifact(job.id, 'count')).text());
  expect(steps).toBeGreaterThan(0);
  const all = Array.from({ length: steps }, (_, index) => index + 1);
  expect(await client.jobs.logs(job.id)).toBe(all.map((step) => `step=${step} count=${step}\n`).join(''));
  const { items } = await client.jobs.metrics(job.id, { name: 'count' });
  expect(items.map(({ values }) => values['count'])).toEqual(all);
}
