// `baton node drain`: no new jobs, and, with --wait, until the last one has ended.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatonClient } from '@baton/sdk';
import { shortId } from '../../job/find-job.ts';
import { type JsonOption, note, printResult } from '../../output/print.ts';
import { connect, PATIENT_MS } from '../../session.ts';
import { verb } from '../../verb.ts';

const LOOK_EVERY_MS = 1_000;

interface Options extends JsonOption {
  readonly reason?: string;
  readonly wait?: boolean;
}

export const drainNode = () =>
  verb('drain <node>', 'give a node no new jobs, take back what has not started, and let the rest end (admin)')
    .option('--reason <text>', 'shown to whoever waits for the node')
    .option('--wait', 'until no job is left on it')
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect({ retryForMs: PATIENT_MS });
  const drained = await client.nodes.drain(ref, options.reason);
  const jobs = options.wait ? await untilEmpty(client, drained.id) : drained.jobs;
  printResult(options, { ...drained, jobs }, () => {
    if (jobs.length === 0) return `${ref} has no jobs, and gets none until: baton node uncordon ${ref}`;
    return `${ref} gets no new jobs. ${stillOn(jobs)} --wait waits for them.`;
  });
}

async function untilEmpty(client: BatonClient, id: string): Promise<string[]> {
  let told = '';
  for (;;) {
    // Told by whatever is on it, also a job whose devices are free while its artifacts are stored.
    const { jobs } = await client.nodes.drain(id, await reasonOf(client, id));
    if (jobs.length === 0) return jobs;
    if (stillOn(jobs) !== told) note(stillOn(jobs));
    told = stillOn(jobs);
    await sleep(LOOK_EVERY_MS);
  }
}

/** The same again: asking what is left must change nothing. */
async function reasonOf(client: BatonClient, id: string): Promise<string | undefined> {
  return (await client.nodes.get(id)).cordon?.reason;
}

function stillOn(jobs: readonly string[]): string {
  const named = jobs.map(shortId).join(', ');
  return jobs.length === 1 ? `1 job is on it: ${named}.` : `${jobs.length} jobs are on it: ${named}.`;
}
