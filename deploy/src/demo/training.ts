// The demo's jobs: submitted, followed while they learn, and the gap between one and the next.
import type { JobView } from '@baton/contracts';
import type { BatonClient, MetricEvent } from '@baton/sdk';
import { bar, done, line, progress } from './story.ts';

export interface HyperParameters {
  readonly hidden: number;
  readonly rate: number;
  readonly epochs: number;
  readonly pause?: number;
}

export async function submit(
  client: BatonClient,
  python: string,
  name: string,
  parameters: HyperParameters,
): Promise<string> {
  const { hidden, rate, epochs, pause = 0.1 } = parameters;
  const numbers = { hidden, rate, epochs, pause };
  const flags = Object.entries(numbers).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const { id } = await client.jobs.submit({
    name,
    model: 'digits@1',
    command: ['python', 'train.py', ...flags],
    datasets: [{ dataset: 'digits' }],
    environment: { python },
    outputs: { model: 'digits' },
    timeLimit: '5m',
  });
  return id;
}

/** Shows loss and accuracy as they come, until the job is over. Gives the job as it ended. */
export async function follow(
  client: BatonClient,
  id: string,
  epochs: number,
  options: { signal?: AbortSignal } = {},
): Promise<JobView> {
  const { name } = await client.jobs.get(id);
  let last = '';
  for await (const event of client.jobs.followMetrics(id, options)) {
    const { points } = event.data as MetricEvent;
    const { values = {}, step } = points.at(-1) ?? {};
    const epoch = step ?? values['epoch'] ?? 0;
    last = `${name.padEnd(8)} ${bar(epoch / epochs)} epoch ${String(epoch).padStart(2)}  loss ${format(values['loss'])}  accuracy ${format(values['accuracy'])}`;
    progress(last, false);
  }
  progress(last, true);
  const job = await client.jobs.get(id);
  if (options.signal?.aborted !== true && job.state !== 'succeeded') {
    throw new Error(`Job ${name} ${job.state}: ${job.message}\n${await client.jobs.logs(id)}`);
  }
  return job;
}

function format(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(4);
}

/** End of one job to start of the next, in milliseconds by the node's clock. */
export function printGaps(jobs: readonly JobView[]): void {
  for (const [index, job] of jobs.slice(1).entries()) {
    const before = jobs[index];
    const endedAt = before?.attempts.at(-1)?.endedAt ?? 0;
    const startedAt = job.attempts.at(-1)?.startedAt ?? 0;
    const { stagedAt } = job.attempts.at(-1) ?? {};
    const staged = stagedAt === undefined ? '' : `staged ${((endedAt - stagedAt) / 1_000).toFixed(1)} s before, `;
    line(`${before?.name} -> ${job.name}: ${staged}the slot was idle for ${startedAt - endedAt} ms`);
  }
  done('Each job was ready behind the one before it, and started by itself when that had ended.');
}
