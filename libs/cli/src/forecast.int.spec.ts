// What is expected of real jobs, `baton stats` and `baton simulate` against the real platform; arrays waited for by their ids.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobView, QueueView, WhatIfView } from '@baton/contracts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type CommandLine, startCommandLine } from './testing/command-line.ts';

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await startCommandLine();
});
afterAll(() => commandLine.stop());

const baton = (...args: readonly string[]) => commandLine.start(args).ended;
const napping = ['--', 'sh', '-c', 'echo napping; sleep 1'];
const nap = async (...options: string[]) => {
  const { out } = await baton('run', '--detach', '--json', '--name', 'nap', ...options, ...napping);
  return JSON.parse(out) as { id: string; array?: { id: string } };
};

it('waits for an array by its id, and prints what all of its jobs have written', async () => {
  const { array } = await nap('--array', '4');
  const id = array?.id ?? '';
  const waited = await baton('job', 'wait', id);
  expect(waited.code).toBe(0);
  expect(waited.out.match(/succeeded/g)).toHaveLength(4);
  const { out } = await baton('job', 'logs', id);
  expect(out.match(/^==> nap\[\d\] job_\w{26} <==\nnapping$/gm)).toHaveLength(4);
  expect(JSON.parse((await baton('job', 'logs', id, '--json')).out)).toHaveLength(4);
  for (const option of ['--follow', '--raw']) expect((await baton('job', 'logs', id, option)).code).toBe(2);
  const unknown = `arr_${'a'.repeat(26)}`;
  for (const verb of ['wait', 'logs']) expect(await baton('job', verb, unknown)).toMatchObject({ code: 4, out: '' });
});

it('says when real jobs are expected to start, which they then do, and how good that was', async () => {
  await nap('--array', '10');
  const { id, expected } = await vi.waitUntil(
    async () => {
      const { items } = JSON.parse((await baton('queue', '--json')).out) as QueueView;
      const last = items.at(-1);
      return last?.job.id && last.expected?.start ? { id: last.job.id, expected: last.expected } : null;
    },
    { timeout: 60_000, interval: 50 },
  );
  expect(expected.runTime).toMatchObject({ basis: 'same-job' });
  expect((await baton('queue')).out).toMatch(/ in \d+ m?s \(\d+ m?s to \d+ m?s\) /);
  expect((await baton('job', 'show', id)).out).toMatch(/expected +It is expected to .*end in/);
  expect((await baton('job', 'wait', id)).code).toBe(0);
  const job = JSON.parse((await baton('job', 'show', id, '--json')).out) as JobView;
  const startedAt = job.attempts[0]?.startedAt ?? 0;
  expect(startedAt).toBeGreaterThanOrEqual(expected.start?.low ?? Infinity);
  expect(startedAt).toBeLessThanOrEqual(expected.start?.high ?? 0);
  const { out } = await baton('stats');
  expect(out).toMatch(/^0 running, 0 in line on a node, 0 in the queue, 0 not to start yet\.$/m);
  expect(out).toMatch(/^run time +[1-9]\d* +[\d.]+ m?s \(\d+ %\) +\d+/m);
});

it('replays what has run here under another policy and with more nodes', async () => {
  const policy = join(commandLine.folder.path, 'policy.yaml');
  await writeFile(policy, 'order: fifo\n');
  const { out } = await baton('simulate', '--from-log', '--since', '1h', '--policy', policy, '--add-nodes', '3');
  expect(out).toMatch(/^14 jobs that started between .*, on 1 device, and on 3 nodes more like /);
  expect(out).toMatch(/ada@example\.com +14 .*%\)/);
  expect(out).toMatch(/^all +14 /m);
  const view = JSON.parse((await baton('simulate', '--from-log', '--json')).out) as WhatIfView;
  expect(view.totals).toMatchObject({ jobs: 14, whatIf: null });
  expect(view.totals.really.worst).toBeGreaterThan(1);
  expect(await baton('simulate')).toMatchObject({ code: 2, err: expect.stringContaining('--from-log') as string });
  expect(await baton('simulate', '--from-log', '--like', 'x')).toMatchObject({ code: 2 });
});
