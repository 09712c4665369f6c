// What every runtime guarantees, whatever it runs attempts in: one suite for all of them.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { aLaunch, type RuntimeBench, RuntimeStage, textOf } from './runtime-stage.ts';

export interface RuntimeSubject {
  readonly name: string;
  /** Or why it can't be tried here. */
  readonly start: () => Promise<RuntimeBench | string>;
}

const MEMORY = 64 * 2 ** 20;

export function describeRuntime({ name, start }: RuntimeSubject): void {
  describe(`the contract of a runtime, kept by ${name}`, () => {
    const stage = new RuntimeStage();
    let missing = '';
    beforeAll(async () => {
      const bench = await start();
      if (typeof bench === 'string') missing = bench;
      else await stage.open(bench);
    });
    beforeEach((context) => {
      if (missing !== '') context.skip(missing);
    });
    afterAll(() => stage.close());
    describeGo(stage);
    describeEnds(stage);
    describeSignals(stage);
    describeLeftovers(stage);
    describeNextAgent(stage);
  });
}

function describeGo(stage: RuntimeStage): void {
  describe('the word to go', () => {
    it('is waited for by several that are armed at once, each with its own', async () => {
      const launches = await Promise.all([1, 2, 3].map((code) => aLaunch(stage.bench, `exit ${code}`)));
      const identities = await Promise.all(launches.map((launch) => stage.runtime.arm(launch)));
      const ends = launches.map(async ({ key }, index) => {
        const identity = identities[index];
        stage.runtime.go(key, ['cpu-0']);
        return identity && stage.runtime.ended(key, identity);
      });
      expect(await Promise.all(ends)).toEqual([1, 2, 3].map((code) => ({ kind: 'exited', code })));
    });

    it('is waited for, and brings the devices', async () => {
      const launch = await aLaunch(stage.bench, 'echo cards=$CUDA_VISIBLE_DEVICES', { devices: [] });
      const identity = await stage.runtime.arm(launch);
      expect(stage.runtime.isAlive(identity)).toBe(true);
      expect([stage.runtime.granted(launch.key), stage.stdoutOf(launch)]).toEqual([null, '']);
      const ended = stage.runtime.ended(launch.key, identity);
      stage.runtime.go(launch.key, ['GPU-1', 'GPU-2']);
      expect(await ended).toEqual({ kind: 'exited', code: 0 });
      expect(stage.stdoutOf(launch)).toBe('cards=GPU-1,GPU-2\n');
      expect(stage.runtime.granted(launch.key)).toMatchObject({ devices: ['GPU-1', 'GPU-2'] });
    });

    it('shows no card to a job on CPU slots, and does no harm when it is said twice', async () => {
      const launch = await aLaunch(stage.bench, 'echo "cards=$CUDA_VISIBLE_DEVICES."');
      const identity = await stage.runtime.arm(launch);
      stage.runtime.go(launch.key, ['cpu-0']);
      stage.runtime.go(launch.key, ['cpu-0']);
      expect(await stage.runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
      expect(stage.stdoutOf(launch)).toBe('cards=.\n');
    });

    it('is not waited for by an early-started job, which takes its devices itself', async () => {
      const script = 'echo begun; exec baton-take -- sh -c "echo took=\\$CUDA_VISIBLE_DEVICES"';
      const launch = await aLaunch(stage.bench, script, { early: true });
      const identity = await stage.runtime.arm(launch);
      await stage.says(launch, 'begun');
      expect(stage.runtime.takenAt(launch.key)).toBeNull();
      const ended = stage.runtime.ended(launch.key, identity);
      stage.runtime.go(launch.key, ['GPU-7']);
      expect(await ended).toEqual({ kind: 'exited', code: 0 });
      expect(stage.stdoutOf(launch)).toBe('begun\ntook=GPU-7\n');
      expect(stage.runtime.takenAt(launch.key)).toBeGreaterThan(0);
    });
  });
}

function describeEnds(stage: RuntimeStage): void {
  it('gives a job its environment, its folders and its outputs', async () => {
    const script = [
      'for folder in "$HOME" "$TMPDIR" "$BATON_OUTPUT_DIR" "$BATON_CHECKPOINT_DIR"; do echo x > "$folder/file" || exit 1; done',
      'ls -d "$BATON_DATASET_DIR" >/dev/null || exit 2',
      '[ "$PWD" = "$HOME" ] || exit 3',
      'echo out; echo err >&2',
    ];
    const [launch, identity] = await stage.running(script.join('\n'));
    expect(await stage.runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
    const { root, output } = stage.bench.paths.attempt(launch.key);
    expect([stage.stdoutOf(launch), textOf(join(root, 'stderr')), textOf(join(output, 'file'))]).toEqual([
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
    expect(await stage.endOf(script)).toEqual(expected);
  });

  it('tells the exit code of a job that deletes what it was given', async () => {
    expect(await stage.endOf('rm -rf "$(dirname "$HOME")" "$HOME"/* 2>/dev/null; exit 4')).toEqual({
      kind: 'exited',
      code: 4,
    });
  });

  it('refuses a command that is not there, by its name, and leaves nothing behind', async () => {
    const launch = await aLaunch(stage.bench, '', { command: ['no-such-trainer', '--epochs', '3'] });
    const armed = stage.runtime.arm(launch);
    await expect(armed).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(armed).rejects.toThrow(/"no-such-trainer" was not found/);
    expect(stage.living(launch)).toEqual([]);
  });
}

function describeSignals(stage: RuntimeStage): void {
  describe('signals', () => {
    it('SIGTERM reaches the job, and leaves it the time that it takes', async () => {
      const [launch, identity] = await stage.running(
        'trap "echo saved; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
      );
      await stage.says(launch, 'ready');
      stage.runtime.signal(launch.key, identity, 'SIGTERM');
      expect(await stage.runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 9 });
      expect(stage.stdoutOf(launch)).toContain('saved');
    });

    it('SIGTERM ends a job that does not handle it', async () => {
      const [launch, identity] = await stage.running('echo ready; exec sleep 300');
      await stage.says(launch, 'ready');
      stage.runtime.signal(launch.key, identity, 'SIGTERM');
      expect(await stage.runtime.ended(launch.key, identity)).toEqual({ kind: 'signalled', signal: 'SIGTERM' });
    });

    it('SIGKILL ends what ignores SIGTERM, and all that has left its session', async () => {
      const script =
        'trap "" TERM; setsid sleep 301 & env -i setsid sleep 302 & echo ready; while :; do sleep 0.05; done';
      const [launch, identity] = await stage.running(script);
      await stage.says(launch, 'ready');
      stage.runtime.signal(launch.key, identity, 'SIGTERM');
      expect(stage.runtime.isAlive(identity)).toBe(true);
      const ended = stage.runtime.ended(launch.key, identity);
      stage.runtime.signal(launch.key, identity, 'SIGKILL');
      expect(await ended).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
      expect(stage.living(launch).filter((pid) => pid !== identity.pid)).toEqual([]);
    });
  });
}

function describeLeftovers(stage: RuntimeStage): void {
  it('ends only when no process of it is left', async () => {
    const [launch, identity] = await stage.running(
      'sleep 300 & setsid sleep 301 & (trap "" TERM HUP; sleep 302) & exit 0',
    );
    expect(await stage.runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 0 });
    expect(stage.living(launch).filter((pid) => pid !== identity.pid)).toEqual([]);
  });

  it('is lost, with words, when what stands beside it is killed', async () => {
    const [launch, identity] = await stage.running('echo ready; sleep 300');
    await stage.says(launch, 'ready');
    process.kill(identity.pid, 'SIGKILL');
    expect(await stage.runtime.ended(launch.key, identity)).toMatchObject({
      kind: 'lost',
      words: expect.stringMatching(/\w+/),
    });
    expect(stage.living(launch)).toEqual([]);
  });

  it('ends a job that uses more memory than it asked for, and says that', async (context) => {
    if (!stage.bench.canLimitMemory) return context.skip('memory can not be limited on this machine');
    const script = 'head -c 200000000 /dev/zero | tail >/dev/null; exit 3';
    expect(await stage.endOf(script, { limits: { cpus: 1, memoryBytes: MEMORY } })).toEqual({ kind: 'out-of-memory' });
  });

  it('discards what waits, and leaves nothing of it', async () => {
    const launch = await aLaunch(stage.bench, 'echo run');
    const identity = await stage.runtime.arm(launch);
    await stage.runtime.discard(launch.key, identity);
    expect([stage.living(launch), stage.stdoutOf(launch)]).toEqual([[], '']);
  });
}

function describeNextAgent(stage: RuntimeStage): void {
  describe('another agent in its place', () => {
    it('finds what waits, and lets it go', async () => {
      const launch = await aLaunch(stage.bench, 'echo run; exit 6');
      const identity = await stage.runtime.arm(launch);
      const next = await stage.bench.open([launch.key]);
      expect([next.isAlive(identity), next.granted(launch.key)]).toEqual([true, null]);
      const ended = next.ended(launch.key, identity);
      next.go(launch.key, ['cpu-0']);
      expect(await ended).toEqual({ kind: 'exited', code: 6 });
      next.forget(launch.key);
    });

    it('finds the end of what has run meanwhile', async () => {
      const [launch, identity] = await stage.running('exit 7');
      await eventually(() => stage.living(launch).length === 0, 'it is over');
      const next = await stage.bench.open([launch.key]);
      expect(await next.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 7 });
      next.forget(launch.key);
    });

    it('discards what the one before did not get to write down', async () => {
      const launch = await aLaunch(stage.bench, 'echo run');
      await stage.runtime.arm(launch);
      const next = await stage.bench.open([launch.key]);
      await next.discard(launch.key, null);
      await eventually(() => stage.living(launch).length === 0, 'nothing is left');
      expect(stage.stdoutOf(launch)).toBe('');
    });

    it('arms again where one before was cut off in the middle of it', async () => {
      const launch = await aLaunch(stage.bench, 'echo run; exit 8');
      await stage.runtime.arm(launch);
      const next = await stage.bench.open([launch.key]);
      await next.discard(launch.key, null);
      const again = await aLaunch(stage.bench, 'echo run; exit 8', { key: launch.key });
      const identity = await next.arm(again);
      next.go(launch.key, ['cpu-0']);
      expect(await next.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 8 });
    });
  });
}
