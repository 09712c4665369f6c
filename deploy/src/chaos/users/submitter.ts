// Submits jobs that count, holds and releases some, cancels some, and remembers what it was told.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobSpec } from '@baton/contracts';
import { command, type Run } from './run.ts';

export interface SubmittedJob {
  readonly id: string;
  readonly name: string;
  readonly steps: number;
  /** It runs by its node's lease. */
  readonly isLeased: boolean;
  /** Its cancellation was acknowledged. */
  cancelled: boolean;
  /** How many holds and releases were acknowledged. */
  holds: number;
  releases: number;
}

const MOST_ACTIVE = 9;
const POLL_MS = 250;
const PAUSE_SECONDS = 0.08;
const STEPS = 80;
const LEASED_STEPS = 240;
/** Of the jobs, so many fail half-way the first time, and so many run on both nodes at once. */
const FAILING = 0.15;
const ON_TWO_NODES = 0.1;
/** And so many run by their node's lease, long enough to see it run out. */
const LEASED = 0.12;

/** Submits whenever few are left. */
export async function submitJobs(run: Run, jobs: SubmittedJob[]): Promise<void> {
  const whims: Promise<void>[] = [];
  for (let number = 1; !run.over.aborted;) {
    const active = await countActive(run);
    if (active === null || active >= MOST_ACTIVE) {
      await sleep(POLL_MS);
      continue;
    }
    const job = await submit(run, number);
    number += 1;
    if (!job) continue;
    jobs.push(job);
    whims.push(followWhim(run, job));
  }
  await Promise.all(whims);
}

/** null: it can't be told now. */
async function countActive({ scene }: Run): Promise<number | null> {
  try {
    const headers = { authorization: `Bearer ${scene.caller.token}` };
    const url = `${scene.caller.url}/api/v1/jobs?active=true&limit=50`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
    return response.ok ? ((await response.json()) as { items: unknown[] }).items.length : null;
  } catch {
    return null;
  }
}

async function submit(run: Run, number: number): Promise<SubmittedJob | null> {
  const { scene, random } = run;
  const name = `count-${number}`;
  const kind = random();
  const isLeased = kind < LEASED;
  const steps = Math.floor((isLeased ? LEASED_STEPS : STEPS) * (0.25 + 0.75 * random()));
  const ending = random() < FAILING ? 'fails-once' : 'well';
  const body: JobSpec = {
    name,
    model: 'counter@1',
    command: ['python', 'count.py', String(steps), String(PAUSE_SECONDS), ending],
    datasets: [{ dataset: 'words' }],
    environment: { python: scene.python },
    env: { WITNESS: scene.witness },
    retries: 1,
    ...(isLeased ? { onNodeLoss: 'requeue' } : {}),
    ...(!isLeased && kind < LEASED + ON_TWO_NODES ? { nodes: 2 } : {}),
  };
  const outcome = await command(run, { method: 'POST', path: '/jobs', body, key: name });
  if (outcome.kind !== 'ok') return null;
  return { id: String(outcome.body['id']), name, steps, isLeased, cancelled: false, holds: 0, releases: 0 };
}

async function followWhim(run: Run, job: SubmittedJob): Promise<void> {
  const whim = run.random();
  const waitMs = run.random() * 4_000;
  if (whim < 0.1) await cancel(run, job, waitMs);
  else if (whim < 0.2) await holdForAWhile(run, job, waitMs);
}

async function cancel(run: Run, job: SubmittedJob, afterMs: number): Promise<void> {
  await sleep(afterMs);
  const sent = { method: 'POST', path: `/jobs/${job.id}/cancel`, body: {}, key: `cancel ${job.id}` } as const;
  // It may be over before.
  const outcome = await command(run, sent, ['conflict']);
  job.cancelled = outcome.kind === 'ok';
}

/** One that has its devices can't be held any more. */
async function holdForAWhile(run: Run, job: SubmittedJob, forMs: number): Promise<void> {
  const hold = { method: 'POST', path: `/jobs/${job.id}/hold`, body: {}, key: `hold ${job.id}` } as const;
  if ((await command(run, hold, ['conflict'])).kind !== 'ok') return;
  job.holds += 1;
  await sleep(forMs);
  const release = { method: 'POST', path: `/jobs/${job.id}/release`, body: {}, key: `release ${job.id}` } as const;
  if ((await command(run, release)).kind === 'ok') job.releases += 1;
}
