// The demo's last step: every process killed with -9 under a running job, and everything found again.
import { deepStrictEqual } from 'node:assert/strict';
import type { BatonClient } from '@baton/sdk';
import type { HeldOut } from './digits.ts';
import type { EmbeddedPlatform } from '@baton/testkit';
import { classify } from './steps.ts';
import { done, line } from './story.ts';
import { follow, submit } from './training.ts';

const EPOCHS = 30;

export interface CrashScene {
  readonly client: BatonClient;
  readonly platform: EmbeddedPlatform;
  readonly python: string;
  readonly endpoint: string;
  readonly heldOut: HeldOut;
}

export async function crash({ client, platform, python, endpoint, heldOut }: CrashScene): Promise<void> {
  const id = await submit(client, python, 'fourth', { hidden: 64, rate: 0.1, epochs: EPOCHS, pause: 0.25 });
  await untilLearning(client, id);
  const before = await picture(client, id);
  const killed = await platform.killAll();
  line(`killed ${killed} processes with SIGKILL; the job's own process was left alone`);
  const startedAt = Date.now();
  await platform.start();
  line(`started again; ready after ${Date.now() - startedAt} ms`);
  deepStrictEqual(await picture(client, id), before);
  done('the same jobs, metrics, versions and endpoint, rebuilt from the log');
  const accuracy = await classify(client, platform.servingUrl, endpoint, heldOut);
  done(`the endpoint answers as before (accuracy ${accuracy.toFixed(4)})`);
  const job = await follow(client, id, EPOCHS);
  const lines = (await client.jobs.logs(id)).split('\n').filter((text) => text.startsWith('epoch='));
  if (job.attempts.length !== 1 || lines.length !== EPOCHS) {
    throw new Error(
      `the running job was disturbed: ${job.attempts.length} attempts, ${lines.length} of ${EPOCHS} epochs in its log`,
    );
  }
  done(`the running job was not disturbed: one attempt, all ${EPOCHS} epochs in its log, ${job.state}`);
}

async function untilLearning(client: BatonClient, id: string): Promise<void> {
  for await (const event of client.jobs.followMetrics(id)) {
    if (event.type === 'metric') return;
  }
}

/** Everything that must be the same afterwards; of the running job, which may end meanwhile, what no longer changes. */
async function picture(client: BatonClient, running: string) {
  const { items } = await client.jobs.list({ sort: 'createdAt' });
  const over = items.filter((job) => job.id !== running);
  const fourth = items.find((job) => job.id === running);
  return {
    jobs: over,
    fourth: fourth && {
      spec: fourth.spec,
      attempts: fourth.attempts.map(({ attempt, nodeId, startedAt }) => ({ attempt, nodeId, startedAt })),
    },
    metrics: await Promise.all(over.map((job) => client.jobs.metrics(job.id))),
    datasets: (await client.datasets.list()).items,
    versions: (await client.models.get('digits')).versions.filter((version) => version.lineage?.jobId !== running),
    endpoints: (await client.endpoints.list()).items.map(({ state: _state, ...endpoint }) => endpoint),
  };
}
