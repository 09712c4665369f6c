// `baton queue`, `baton job why` and `baton job overtakers` against the real platform.
import type { WhyView } from '@baton/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CommandLine, startCommandLine } from './testing/command-line.ts';

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await startCommandLine();
});
afterAll(() => commandLine.stop());

const baton = (...args: readonly string[]) => commandLine.start(args).ended;
const run = async (name: string, ...options: string[]) =>
  (await baton('run', '--detach', '--name', name, ...options, '--', 'sleep', '600')).out.trim();

it('says what waits and why, now and of a time past', async () => {
  expect((await baton('queue')).out).toMatch(/^Nothing waited at /);
  await run('first', '--time-limit', '1h');
  await run('second', '--time-limit', '1h');
  await run('third', '--time-limit', '1h', '--hold');
  const { out } = await baton('queue');
  expect(out).toMatch(/second .*1 CPU slot/);
  expect(out).toMatch(/third .* held +It is held/);
  const why = await baton('job', 'why', 'third');
  expect(why).toMatchObject({
    code: 0,
    out: 'third waits (held). It is held, and waits until somebody releases it.\n',
  });
  const then = JSON.parse((await baton('job', 'why', 'second', '--json')).out) as WhyView;
  expect(then.code).not.toBeNull();
  expect((await baton('job', 'cancel', 'second')).code).toBe(0);
  expect((await baton('job', 'why', 'second')).out).toBe('second: It does not wait: it is cancelled.\n');
  const at = new Date(then.at).toISOString();
  expect((await baton('job', 'why', 'second', '--at', at)).out).toMatch(/^second waited at .* \(/);
  expect((await baton('queue', '--at', at)).out).toContain('second');
  expect(await baton('queue', '--at', 'noon')).toMatchObject({ code: 2 });
  expect(await baton('queue', '--at', '2099-01-01')).toMatchObject({
    code: 5,
    err: expect.stringContaining('lies in the future') as string,
  });
  expect((await baton('job', 'overtakers', 'third')).out).toMatch(/^No later job started between /);
});
