// A loud job against a real NATS server: no byte is lost, and the agent stays as small as it was.
import type { AttemptResult } from '@baton/contracts';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { shell, startWorld, type World } from './testing/world.ts';

let world: World;
let agent: AgentProcess;
beforeAll(async () => {
  world = await startWorld();
  agent = await world.startAgent({ BATON_SAMPLE_MS: '200' });
});
afterAll(() => world.stop());

const MB = 1e6;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Of its own, without what it shares with others. */
const privateBytes = () => {
  const text = readFileSync(`/proc/${agent.pid}/smaps_rollup`, 'utf8');
  return [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, kb]) => sum + Number(kb) * 1_024, 0);
};
async function kept(result: AttemptResult, output: 'stdout' | 'stderr'): Promise<Buffer | null> {
  const blob = result.output?.[output];
  return blob ? world.blobs.read(blob.digest) : null;
}

describe('output', () => {
  it('of 60 MB in one go is in the stream and in the store byte for byte, and the agent does not grow with it', async () => {
    const small = shell('head -c 2000000 /dev/urandom');
    world.scheduler.want(small);
    await world.scheduler.ended(small);
    const before = privateBytes();
    let most = 0;
    // Lines, progress bars, what is no UTF-8, and a line of ten megabytes.
    const script = [
      'yes "line of output with epoch but no numbers in it, as most of them are" | head -c 20000000',
      'head -c 20000000 /dev/urandom',
      'head -c 10000000 /dev/zero | tr "\\0" "x"',
      'yes "$(printf "\\r 50%%|#####     |")" | head -c 10000000',
    ].join('; ');
    const spec = shell(`(${script}) | tee copy; sha256sum copy | cut -c-64 >&2`);
    const watch = setInterval(() => (most = Math.max(most, privateBytes())), 50);
    onTestFinished(() => clearInterval(watch));
    world.scheduler.want(spec);
    await eventually(() => world.scheduler.of(spec).some(({ type }) => type === 'ended'), 'it has ended', 60_000);
    const result = await world.scheduler.ended(spec);
    const digest = (await world.log(spec, 'stderr')).toString().trim();
    await eventually(async () => sha256(await world.log(spec, 'stdout')) === digest, 'all is in the stream', 60_000);
    expect(result.output?.stdout).toEqual({ digest, sizeBytes: 60 * MB });
    expect((await kept(result, 'stderr'))?.toString().trim()).toBe(digest);
    // Eight buffers, what the NATS client copies of them, and what V8 has not looked at yet: not the output.
    expect(most - before).toBeLessThan(50 * MB);
  }, 120_000);

  it('is kept with secrets masked, though they lie across the pieces, and nothing is kept of an output that is empty', async () => {
    world.scheduler.secretValues = { API_KEY: 'hunter2-very-secret' };
    const spec = shell('head -c 524280 /dev/zero | tr "\\0" "x"; echo "$API_KEY"; echo "$BATON_TOKEN"', {
      secrets: ['API_KEY'],
    });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    const whole = await kept(result, 'stdout');
    expect(whole?.subarray(524_280).toString()).toMatch(/^\*{19}\n\*+\n$/);
    expect(await world.log(spec, 'stdout')).toEqual(whole);
    expect(result.output?.stderr).toBeNull();
    world.scheduler.secretValues = {};
  });

  it('goes on in order after the stream was away for a while', async () => {
    const spec = shell('i=0; while [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done');
    world.scheduler.want(spec);
    await eventually(async () => (await world.log(spec, 'stdout')).length > 0, 'it has begun');
    await world.nats.restart();
    const result = await world.scheduler.ended(spec);
    const whole = await kept(result, 'stdout');
    expect(whole?.toString()).toBe(Array.from({ length: 400 }, (_, index) => `line ${index}\n`).join(''));
    await eventually(async () => (await world.log(spec, 'stdout')).equals(whole ?? Buffer.alloc(0)), 'all is shipped');
  }, 60_000);
});

describe('forged metrics', () => {
  it('stay in the log, and the job goes on to its end', async () => {
    const forged = [
      'loss=NaN acc=Infinity f1=1e400 x=-1e999',
      '{"loss": 1e400, "acc": NaN}',
      '{"loss": Infinity}',
      'system/cpu=99',
      '__proto__=1 constructor=2',
      'loss=0x10 a==1 =5',
      'loss: nan - acc: inf',
    ];
    const spec = shell(`${forged.map((line) => `echo '${line}'`).join('; ')}; echo step=1 loss=0.5`);
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ exitCode: 0, finalMetrics: { loss: 0.5, constructor: 2 } });
    expect((await world.log(spec, 'stdout')).toString().split('\n').slice(0, forged.length)).toEqual(forged);
    const values = (await world.points(spec)).map((point) => point.values);
    expect(values.flatMap(Object.values).every(Number.isFinite)).toBe(true);
    expect(values.some((one) => Object.hasOwn(one, 'system/cpu') && one['system/cpu'] === 99)).toBe(false);
  });
});

describe('what a job uses', () => {
  it('is measured over all its processes, and numbered with its metrics', async () => {
    const burn = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
    const script = `echo loss=1; (setsid sh -c '${burn}' & wait); head -c 30000000 /dev/zero | tail -c 20000000 | (sleep 0.6; wc -c); echo loss=2`;
    const spec = shell(`for n in 1 2 3; do ${script}; done`);
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    const points = await world.points(spec);
    expect(points.map(({ seq }) => seq)).toEqual(points.map((_, index) => index));
    expect(result.points).toBe(points.length);
    const measured = points.filter(({ values }) => Object.hasOwn(values, 'system/cpu'));
    expect(measured.length).toBeGreaterThan(2);
    expect(Object.keys(measured[0]?.values ?? {})).toEqual([
      'system/cpu',
      'system/memory',
      'system/disk-read',
      'system/disk-write',
    ]);
    const most = (name: string) => Math.max(...measured.map(({ values }) => values[name] ?? 0));
    expect(most('system/cpu')).toBeGreaterThan(0.2);
    expect(most('system/memory')).toBeGreaterThan(15 * MB);
    expect(points.filter(({ values }) => Object.hasOwn(values, 'loss'))).toHaveLength(6);
  }, 60_000);
});
