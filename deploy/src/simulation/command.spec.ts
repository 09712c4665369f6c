// `npm run simulate` prints the same for a seed, and says all that is wrong with what it is given.
import { hasCode } from '@baton/errors';
import { describe, expect, it } from 'vitest';
import { simulateCommand } from './command.ts';
import { newEngine } from './engine.ts';

const FILES: Readonly<Record<string, string>> = {
  // Two nodes of two: from 10 on the second waits for all, and the third could go past it.
  'jobs.csv': 'job_id,submit_time,duration,num_gpu,class\na,0,100,2,\nb,5,90,1,normal\nc,10,50,4,\nd,20,60,1,\n',
  'limits.csv': 'job_id,submit_time,duration,num_gpu,time_limit\na,0,100,2,40\nb,0,100,2,200\n',
  'stranger.csv': 'job_id,submit_time,duration,num_gpu,class\na,0,100,2,vip\n',
  'policy.yaml': 'order: fifo\nbackfill:\n  enabled: false\nhandOff: { enabled: false }\n',
  // On one GPU: two halves beside each other, a third when the first has ended, and all of it when all have.
  'parts.csv': 'job_id,submit_time,duration,num_gpu\na,0,100,0.5\nb,0,50,0.5\nc,0,100,0.5\nd,0,10,1\n',
  'broken.yaml': 'order: [fifo\n',
  'empty.yaml': '',
  'wrong.yaml': 'order: luck\n',
  'strange.yaml': 'defaultClass: vip\n',
};

const bytesOf = (file: string) => new TextEncoder().encode(FILES[file]);

function run(change: Readonly<Record<string, string>> = {}, ...flags: readonly string[]): Promise<string> {
  const usual = { trace: 'jobs.csv', format: 'csv', nodes: '2', 'gpus-per-node': '2', policy: 'fifo', ...change };
  const args = Object.entries(usual).flatMap(([name, value]) => (value === '' ? [] : [`--${name}`, value]));
  return simulateCommand([...args, ...flags], { bytesOf, engine: newEngine });
}

const json = async (change: Readonly<Record<string, string>> = {}) => {
  const { wallClock, ...repeatable } = JSON.parse(await run(change, '--json'));
  expect(Object.keys(wallClock)).toEqual(['seconds', 'passP50Ms', 'passP99Ms']);
  return repeatable;
};

async function said(change: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<string> {
  try {
    await run(change, ...flags);
  } catch (error) {
    if (hasCode(error, 'invalid_input')) return (error as Error).message;
    throw error;
  }
  throw new Error('it ran');
}

describe('a trace of jobs that ask for parts', () => {
  const parts = { trace: 'parts.csv', nodes: '1', 'gpus-per-node': '1', policy: 'easy-exact' };

  it('is played where jobs may share, and counted by their parts', async () => {
    expect(await json({ ...parts, 'jobs-per-device': '2' })).toMatchObject({
      jobsPerDevice: 2,
      completionSeconds: { mean: (100 + 50 + 150 + 160) / 4 },
      makespanSeconds: 160,
      utilisationRatio: (50 + 25 + 50 + 10) / 160,
    });
  });

  it('is refused where nothing says that they may', async () => {
    expect(await said(parts)).toContain('line 2: it asks for 0.5 of a GPU, and nothing says that jobs share them');
  });
});

describe('simulate', () => {
  it('gives what one can reckon by hand', async () => {
    expect(await json()).toEqual({
      trace: 'jobs.csv',
      format: 'csv',
      nodes: 2,
      gpusPerNode: 2,
      policy: 'fifo',
      limits: { kind: 'factor', most: 5 },
      seed: 1,
      restartCostSeconds: 30,
      jobs: 4,
      completionSeconds: { mean: 130, p50: 140, p90: 190, p99: 190, worst: 190 },
      waitingSeconds: { mean: 55, p50: 90, p90: 130, p99: 130, worst: 130 },
      makespanSeconds: 210,
      utilisationRatio: (200 + 90 + 200 + 60) / (4 * 210),
      preemptions: 0,
      passes: expect.any(Number),
    });
  });

  it('is the same for a seed, and shows it to people', async () => {
    const options = { policy: 'default', seed: '7' };
    expect(await json(options)).toEqual(await json(options));
    expect(await run({ seed: '7' })).toContain(
      'jobs.csv: 4 jobs on 2 nodes of 2 GPUs, policy fifo, time limits of up to 5 times the run time, seed 7',
    );
  });

  it('knows each policy by name, and takes one from a file', async () => {
    for (const policy of ['fifo', 'easy', 'easy-exact', 'sjf', 'default'])
      expect((await json({ policy })).jobs).toBe(4);
    expect((await json({ policy: 'policy.yaml' })).completionSeconds).toEqual((await json()).completionSeconds);
  });

  it('sees run times, limits of the trace, or none, as asked or as the policy is by name', async () => {
    expect((await json({ limits: 'exact' })).limits).toEqual({ kind: 'exact' });
    expect((await json({ limits: 'none' })).limits).toEqual({ kind: 'none' });
    expect((await json({ limits: '1.5' })).limits).toEqual({ kind: 'factor', most: 1.5 });
    expect((await json({ policy: 'sjf' })).limits).toEqual({ kind: 'exact' });
  });

  it('stops a job at its limit', async () => {
    const { limits, completionSeconds } = await json({ trace: 'limits.csv' });
    expect([limits, completionSeconds.mean]).toEqual([{ kind: 'trace' }, 70]);
  });

  it('says what is wrong with the command line', async () => {
    expect(await said({ trace: '' })).toMatch(/^--trace is missing\.\n\nnpm run simulate -- --trace FILE/);
    expect(await said({ format: 'xml' })).toContain('--format is xml, which is none of muri, itp, csv.');
    expect(await said({ nodes: '0' })).toContain('--nodes is 0, not a whole number from 1 to 1000000.');
    expect(await said({ 'gpus-per-node': '1.5' })).toContain('--gpus-per-node is 1.5, not a whole number');
    expect(await said({ limits: '0.5' })).toContain('--limits is 0.5: exact, none, or a factor of at least 1.');
    expect(await said({ 'restart-cost': 'soon' })).toContain('--restart-cost is soon, which is no duration');
    expect(await said({}, '--fast')).toContain("Unknown option '--fast'");
  });

  it('says what is wrong with the policy', async () => {
    expect(await said({ policy: 'magic' })).toContain('There is no policy magic: fifo, easy,');
    expect(await said({ policy: 'broken.yaml' })).toContain('broken.yaml is not YAML');
    expect(await said({ policy: 'empty.yaml' })).toContain('empty.yaml is no policy: it holds no fields.');
    expect(await said({ policy: 'wrong.yaml' })).toContain('/order');
    expect(await said({ policy: 'strange.yaml' })).toContain('strange.yaml contradicts itself: /defaultClass is "vip"');
    expect(await said({ trace: 'stranger.csv' })).toContain('line 2: vip is no class of the policy');
  });
});
