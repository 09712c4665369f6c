// Jobs seen from outside: waiting for their states, and the order in which the log has what happened to them.
import type { JobSpec, JobStateName, JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { expect, vi } from 'vitest';

const FINAL: readonly JobStateName[] = ['succeeded', 'failed', 'cancelled'];

export async function untilState(client: BatonClient, id: string, state: JobStateName): Promise<JobView> {
  return vi.waitFor(
    async () => {
      const job = await client.jobs.get(id);
      // What is over will not change any more.
      if (FINAL.includes(job.state) && job.state !== state) return job;
      expect(job.state).toBe(state);
      return job;
    },
    { timeout: 60_000, interval: 50 },
  );
}

export async function ended(client: BatonClient, id: string): Promise<JobView> {
  return vi.waitFor(
    async () => {
      const job = await client.jobs.get(id);
      expect(FINAL).toContain(job.state);
      return job;
    },
    { timeout: 90_000, interval: 50 },
  );
}

/** Submits and waits for the end. */
export async function run(client: BatonClient, spec: JobSpec): Promise<JobView> {
  return ended(client, (await client.jobs.submit(spec)).id);
}

/** A job of a shell line, without code or data. */
export function shell(line: string, more: Partial<JobSpec> = {}): JobSpec {
  return { command: ['/bin/sh', '-c', line], ...more };
}

/** Runs the command, and is not over before the file is there. */
export function untilReleased(command: readonly string[], file: string): Pick<JobSpec, 'command' | 'env'> {
  const line = '"$@" && while [ ! -e "$RELEASE_FILE" ]; do sleep 0.05; done';
  return { command: ['/bin/sh', '-c', line, 'sh', ...command], env: { RELEASE_FILE: file } };
}

/** Where the log has the first event of that type. */
export async function positionOf(client: BatonClient, id: string, type: string): Promise<number> {
  const { items } = await client.jobs.events(id);
  const found = items.find(({ events }) => events.some((event) => event.type === type));
  if (!found) throw new Error(`The log has no ${type} of job ${id}.`);
  return found.position;
}
