// What every runtime guarantees, whatever it runs attempts in: one suite for all of them.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StatePaths } from '../adapters/files/attempt-paths.ts';
import type { Launch, Runtime } from '../app/ports.ts';
import type { AttemptKey, ProcessIdentity } from '../domain/journal.ts';
import { jobEnvironment } from '../domain/job-environment.ts';
import { eventually } from './eventually.ts';
import { job, processesOf } from './world.ts';

export interface RuntimeBench {
  readonly paths: StatePaths;
  readonly environment: Launch['environment'];
  readonly canLimitMemory: boolean;
  /** As an agent does at its start: of what was before it knows which attempts there are. */
  open(known: readonly AttemptKey[]): Promise<Runtime>;
  stop(): Promise<void>;
}

export interface RuntimeSubject {
  readonly name: string;
  /** Or why it can't be tried here. */
  start(): Promise<RuntimeBench | string>;
}

const tools = createRequire(import.meta.url).resolve('@baton/executor/assets/bin/baton-take');
const MEMORY = 64 * 2 ** 20;

/** An attempt's folders as they are before it is armed, and what to arm. */
export async function aLaunch(bench: RuntimeBench, script: string, more: Partial<Launch> = {}): Promise<Launch> {
  const { paths, environment } = bench;
  const spec = job(['sh', '-c', script], { jobId: `job_${randomBytes(13).toString('hex')}`, environment });
  const key = more.key ?? { jobId: spec.jobId, attempt: 1 };
  const { root, work, output, datasets, temporary, run } = paths.attempt(key);
  const checkpoints = paths.checkpoints(key.jobId);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const folder of [work, output, datasets, temporary, run, checkpoints]) await mkdir(folder, { recursive: true });
  const env = jobEnvironment({
    spec: { ...spec, behind: { count: 1, pool: spec.devices, predecessors: [] } },
    folders: { work, output, datasets, temporary, checkpoints },
    apiUrl: 'http://127.0.0.1:1',
    token: 'token',
    secrets: {},
    pathFirst: [dirname(tools)],
    basePath: environment.image === undefined ? (process.env['PATH'] ?? '') : null,
    virtualEnvironment: null,
    pythonPath: join(dirname(tools), '../python'),
  });
  const limits = { cpus: 0, memoryBytes: 0 };
  return { key, command: spec.command, env, early: false, limits, environment, devices: ['cpu-0'], ...more };
}

export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

export function describeRuntime({ name, start }: RuntimeSubject): void {
  describe(name, () => {
    let bench: RuntimeBench;
    let runtime: Runtime;
    let missing = '';
    beforeAll(async () => {
      const started = await start();
      if (typeof started === 'string') return void (missing = started);
      bench = started;
      runtime = await bench.open([]);
    });
    beforeEach((context) => {
      if (missing !== '') context.skip(missing);
    });
    afterAll(() => bench?.stop());

    const aspect = (launch: Launch) => ({ ...launch.key, ...bench.paths.attempt(launch.key) });
    const stdoutOf = (launch: Launch) => textOf(join(aspect(launch).root, 'stdout'));
    const living = ({ key }: Launch) => processesOf({ ...job([]), ...key });
    async function running(script: string, more: Partial<Launch> = {}): Promise<[Launch, ProcessIdentity]> {
      const launch = await aLaunch(bench, script, more);
      const identity = await runtime.arm(launch);
      runtime.go(launch.key, ['cpu-0']);
      return [launch, identity];
    }
    async function says(launch: Launch, text: string): Promise<void> {
      await eventually(() => stdoutOf(launch).includes(text), `it says ${text}`);
    }
    async function endOf(script: string, more: Partial<Launch> = {}): Promise<unknown> {
      const [launch, identity] = await running(script, more);
      const end = await runtime.ended(launch.key, identity);
      runtime.forget(launch.key);
      return end;
    }

    describe('the word to go', () => {
      it('is waited for, and brings the devices', async () => {
        const launch = await aLaunch(bench, 'echo cards=$CUDA_VISIBLE_DEVICES', { devices: [] });
        const identity = await runtime.arm(launch);
        expect(runtime.isAlive(identity)).toBe(true);
        expect([runtime.granted(launch.key), stdoutOf(launch)]).toEqual([null, '']);
        const ended = runtime.ended(launch.key, identity);
        runtime.go(launch.key, ['GPU-1', 'GPU-2']);
        expect(await ended).toEqual({ kind: 'exited', code: 0 });
        expect(stdoutOf(launch)).toBe('cards=GPU-1,GPU-2\n');
        expect(runtime.granted(launch.key)).toMatchObject({ devices: ['GPU-1', 'GPU-2'] });
      });

      it('shows no card to a job on CPU slots, and does no harm when it is said twice', async () => {
        const launch = await aLaunch(bench, 'echo "cards=$CUDA_VISIBLE_DEVICES."');
        const identity = await runtime.arm(launch);
        runtime.go(launch.key, ['cpu-0']);
        runtime.go(launch.key, ['cpu-0']);
        expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
        expect(stdoutOf(launch)).toBe('cards=.\n');
      });

      it('is not waited for by an early-started job, which takes its devices itself', async () => {
        const script = 'echo begun; exec baton-take -- sh -c "echo took=\\$CUDA_VISIBLE_DEVICES"';
        const launch = await aLaunch(bench, script, { early: true });
        const identity = await runtime.arm(launch);
        await says(launch, 'begun');
        expect(runtime.takenAt(launch.key)).toBeNull();
        const ended = runtime.ended(launch.key, identity);
        runtime.go(launch.key, ['GPU-7']);
        expect(await ended).toEqual({ kind: 'exited', code: 0 });
        expect(stdoutOf(launch)).toBe('begun\ntook=GPU-7\n');
        expect(runtime.takenAt(launch.key)).toBeGreaterThan(0);
      });
    });

    it('gives a job its environment, its folders and its outputs', async () => {
      const script = [
        'for folder in "$HOME" "$TMPDIR" "$BATON_OUTPUT_DIR" "$BATON_CHECKPOINT_DIR"; do echo x > "$folder/file" || exit 1; done',
        'ls -d "$BATON_DATASET_DIR" >/dev/null || exit 2',
        '[ "$PWD" = "$HOME" ] || exit 3',
        'echo out; echo err >&2',
      ];
      const [launch, identity] = await running(script.join('\n'));
      expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
      const { root, output } = aspect(launch);
      expect([stdoutOf(launch), textOf(join(root, 'stderr')), textOf(join(output, 'file'))]).toEqual([
        'out\n',
        'err\n',
        'x\n',
      ]);
    });

    it.each([
      ['exit 0', { kind: 'exited', code: 0 }],
      ['exit 3', { kind: 'exited', code: 3 }],
      ['exit 137', { kind: 'exited', code: 137 }],
      ['kill -SEGV $$', { kind: 'signalled', signal: 'SIGSEGV' }],
      ['kill -TERM $$', { kind: 'signalled', signal: 'SIGTERM' }],
      ['kill -KILL $$', { kind: 'signalled', signal: 'SIGKILL' }],
    ])('tells a signal from an exit code: %s', async (script, expected) => {
      expect(await endOf(script)).toEqual(expected);
    });

    it('tells the exit code of a job that deletes what it was given', async () => {
      expect(await endOf('rm -rf "$(dirname "$HOME")" "$HOME"/* 2>/dev/null; exit 4')).toEqual({
        kind: 'exited',
        code: 4,
      });
    });

    it('refuses a command that is not there, by its name, and leaves nothing behind', async () => {
      const launch = await aLaunch(bench, '', { command: ['no-such-trainer', '--epochs', '3'] });
      const armed = runtime.arm(launch);
      await expect(armed).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(armed).rejects.toThrow(/"no-such-trainer" was not found/);
      expect(living(launch)).toEqual([]);
    });

    describe('signals', () => {
      it('SIGTERM reaches the job, and leaves it the time that it takes', async () => {
        const [launch, identity] = await running(
          'trap "echo saved; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
        );
        await says(launch, 'ready');
        runtime.signal(launch.key, identity, 'SIGTERM');
        expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 9 });
        expect(stdoutOf(launch)).toContain('saved');
      });

      it('SIGTERM ends a job that does not handle it', async () => {
        const [launch, identity] = await running('echo ready; exec sleep 300');
        await says(launch, 'ready');
        runtime.signal(launch.key, identity, 'SIGTERM');
        expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'signalled', signal: 'SIGTERM' });
      });

      it('SIGKILL ends what ignores SIGTERM, and all that has left its session', async () => {
        const script =
          'trap "" TERM; setsid sleep 301 & env -i setsid sleep 302 & echo ready; while :; do sleep 0.05; done';
        const [launch, identity] = await running(script);
        await says(launch, 'ready');
        runtime.signal(launch.key, identity, 'SIGTERM');
        expect(runtime.isAlive(identity)).toBe(true);
        const ended = runtime.ended(launch.key, identity);
        runtime.signal(launch.key, identity, 'SIGKILL');
        expect(await ended).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
        expect(living(launch).filter((pid) => pid !== identity.pid)).toEqual([]);
      });
    });

    it('ends only when no process of it is left', async () => {
      const [launch, identity] = await running('sleep 300 & setsid sleep 301 & (trap "" TERM HUP; sleep 302) & exit 0');
      expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
      expect(living(launch).filter((pid) => pid !== identity.pid)).toEqual([]);
    });

    it('is lost, with words, when what stands beside it is killed', async () => {
      const [launch, identity] = await running('echo ready; sleep 300');
      await says(launch, 'ready');
      process.kill(identity.pid, 'SIGKILL');
      expect(await runtime.ended(launch.key, identity)).toMatchObject({
        kind: 'lost',
        words: expect.stringMatching(/\w+/),
      });
      expect(living(launch)).toEqual([]);
    });

    it('ends a job that uses more memory than it asked for, and says that', async (context) => {
      if (!bench.canLimitMemory) return context.skip('memory can not be limited on this machine');
      const script = 'head -c 200000000 /dev/zero | tail >/dev/null; exit 3';
      expect(await endOf(script, { limits: { cpus: 1, memoryBytes: MEMORY } })).toEqual({ kind: 'out-of-memory' });
    });

    it('discards what waits, and leaves nothing of it', async () => {
      const launch = await aLaunch(bench, 'echo run');
      const identity = await runtime.arm(launch);
      await runtime.discard(launch.key, identity);
      expect([living(launch), stdoutOf(launch)]).toEqual([[], '']);
    });

    describe('another agent in its place', () => {
      it('finds what waits, and lets it go', async () => {
        const launch = await aLaunch(bench, 'echo run; exit 6');
        const identity = await runtime.arm(launch);
        const next = await bench.open([launch.key]);
        expect([next.isAlive(identity), next.granted(launch.key)]).toEqual([true, null]);
        const ended = next.ended(launch.key, identity);
        next.go(launch.key, ['cpu-0']);
        expect(await ended).toEqual({ kind: 'exited', code: 6 });
        next.forget(launch.key);
      });

      it('finds the end of what has run meanwhile', async () => {
        const [launch, identity] = await running('exit 7');
        await eventually(() => living(launch).length === 0, 'it is over');
        const next = await bench.open([launch.key]);
        expect(await next.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 7 });
        next.forget(launch.key);
      });

      it('discards what the one before did not get to write down', async () => {
        const launch = await aLaunch(bench, 'echo run');
        await runtime.arm(launch);
        const next = await bench.open([launch.key]);
        await next.discard(launch.key, null);
        await eventually(() => living(launch).length === 0, 'nothing is left');
        expect(stdoutOf(launch)).toBe('');
      });

      it('arms again where one before was cut off in the middle of it', async () => {
        const launch = await aLaunch(bench, 'echo run; exit 8');
        await runtime.arm(launch);
        const next = await bench.open([launch.key]);
        await next.discard(launch.key, null);
        const again = await aLaunch(bench, 'echo run; exit 8', { key: launch.key });
        const identity = await next.arm(again);
        next.go(launch.key, ['cpu-0']);
        expect(await next.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 8 });
      });
    });
  });
}
