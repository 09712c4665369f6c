// The agent against a real NATS server and real processes: starting, ending, stopping, hostile output.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cgroups } from './adapters/process/cgroups.ts';
import { eventually } from './testing/eventually.ts';
import { type World, job, membersOf, processesOf, shell, startWorld, storeManifest } from './testing/world.ts';

let world: World;
const cgroups = Cgroups.open('test');
const canLimit = (what: 'cpu' | 'memory') => cgroups?.canLimit(what) ?? false;
cgroups?.close();

beforeAll(async () => {
  world = await startWorld();
  await world.startAgent();
});
afterAll(() => world.stop());

describe('the end of a job', () => {
  it('is reported with exit code, output, last lines and metrics', async () => {
    const spec = shell('echo hello; echo epoch=1 loss=0.5; echo epoch=2 loss=0.25; echo oops >&2; exit 3');
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({
      reason: 'exited',
      exitCode: 3,
      signal: null,
      finalMetrics: { loss: 0.25 },
      artifacts: null,
    });
    expect(result.lastLines).toEqual(['hello', 'epoch=1 loss=0.5', 'epoch=2 loss=0.25', 'oops']);
    expect(world.scheduler.of(spec).map((fact) => fact.type)).toEqual(['starting', 'started', 'released', 'ended']);
    expect((await world.log(spec, 'stdout')).toString()).toBe('hello\nepoch=1 loss=0.5\nepoch=2 loss=0.25\n');
    expect((await world.log(spec, 'stderr')).toString()).toBe('oops\n');
    const points = await world.points(spec);
    expect(points.map(({ step, values }) => ({ step, values }))).toEqual([
      { step: 1, values: { loss: 0.5 } },
      { step: 2, values: { loss: 0.25 } },
    ]);
    // As they were sent, but for one bracket.
    expect(result.metricsBytes).toBe(JSON.stringify(points).length - 1);
  });

  it.each([
    ['kill -SEGV $$', { reason: 'signalled', signal: 'SIGSEGV', exitCode: null }],
    ['kill -TERM $$', { reason: 'signalled', signal: 'SIGTERM', exitCode: null }],
    ['exit 137', { reason: 'exited', signal: null, exitCode: 137 }],
    ['exit 0', { reason: 'exited', signal: null, exitCode: 0 }],
  ])('tells a signal from an exit code: %s', async (script, expected) => {
    const spec = shell(script);
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject(expected);
  });

  it('comes after all of its processes are gone, also those with a session of their own', async () => {
    const spec = shell('sleep 300 & setsid sleep 301 & (trap "" TERM HUP; sleep 302) & exit 0');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(membersOf(world, spec)).toEqual([]);
  });

  it.skipIf(!canLimit('memory'))('is told as out of memory when it used more than it asked for', async () => {
    const spec = shell('head -c 200000000 /dev/zero | tail; echo "survived $?"; exit 3', { memoryBytes: 64 * 2 ** 20 });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'out-of-memory' });
    expect(result.message).toContain('resources.memory');
  });

  it.skipIf(!canLimit('cpu'))('gets no more processors than it asked for', async () => {
    const spin = 'i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done';
    const spec = shell(`(${spin}) & (${spin}) & wait`, { cpus: 0.25 });
    world.scheduler.want(spec);
    const group = cpuGroupOf(spec);
    await eventually(() => throttledTimes(group) > 0, 'it is held back');
    expect(processesOf(spec)).not.toEqual([]);
    world.scheduler.want({ ...spec, want: 'stop' });
    await world.scheduler.ended(spec);
  });

  it('is bad input for a command that is not there, with its name', async () => {
    const spec = job(['no-such-trainer', '--epochs', '3']);
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'bad-input', exitCode: null, startedAt: null });
    expect(result.message).toContain('"no-such-trainer" was not found');
  });

  it('is bad input for a script whose interpreter is not there', async () => {
    const code = await storeManifest(world.blobs, {
      'train.sh': { text: '#!/no/such/interpreter\n', executable: true },
    });
    const spec = job(['./train.sh'], { code });
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'bad-input' });
  });

  it('is bad input for code that is not in the store', async () => {
    const spec = shell('true', { code: '0'.repeat(64) });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'bad-input', message: 'The code is not in the store.' });
  });
});

describe('stopping', () => {
  it('gives the job SIGTERM and lets it end by itself', async () => {
    const spec = shell('trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    world.scheduler.want(spec);
    await eventually(async () => (await world.log(spec, 'stdout')).includes('ready'), 'it is ready');
    world.scheduler.want({ ...spec, want: 'stop' });
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'cancelled', exitCode: 0 });
    expect(result.lastLines).toContain('saved');
  });

  it('kills what ignores SIGTERM after the grace period', async () => {
    const spec = shell('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    world.scheduler.want(spec);
    await eventually(async () => (await world.log(spec, 'stdout')).includes('ready'), 'it is ready');
    const askedAt = Date.now();
    world.scheduler.want({ ...spec, want: 'stop' });
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'cancelled', signal: 'SIGKILL' });
    expect(Date.now() - askedAt).toBeGreaterThanOrEqual(400);
    expect(membersOf(world, spec)).toEqual([]);
  });

  it('ends a job at its time limit', async () => {
    const spec = shell('sleep 300', { timeLimitMs: 300 });
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'time-limit', signal: 'SIGTERM' });
  });

  it('answers for an attempt that it never had', async () => {
    const spec = shell('true', { want: 'stop' });
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'cancelled', startedAt: null });
  });
});

describe('desired sets', () => {
  it('of another installation or an older revision stop nothing and start nothing', async () => {
    const running = shell('sleep 300');
    const other = shell('true');
    world.scheduler.want(running);
    await world.scheduler.started(running);
    const stop = [{ ...running, want: 'stop' as const }, other];
    world.scheduler.push({ installationId: 'installation-b', revision: 1_000, attempts: stop });
    world.scheduler.push({ ...world.scheduler.set, revision: world.scheduler.revision - 1, attempts: stop });
    world.scheduler.push({ nonsense: true });
    const before = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > before + 2, 'it syncs again');
    expect(processesOf(running)).not.toEqual([]);
    expect(world.scheduler.of(other)).toEqual([]);
    world.scheduler.want({ ...running, want: 'stop' });
    await world.scheduler.ended(running);
  });

  it('of a log that is older than it was are refused, the devices say why, and what runs runs on', async () => {
    const running = shell('sleep 300');
    world.scheduler.want(running);
    await world.scheduler.started(running);
    const { revision } = world.scheduler;
    const stop = { ...running, want: 'stop' as const };
    world.scheduler.revision = revision - 1;
    world.scheduler.desired = [stop];
    const fault = () => world.scheduler.node?.devices[0]?.fault ?? '';
    await eventually(() => fault().includes('older than it was'), 'the platform is told');
    expect(fault()).toContain('docs/backup.md');
    expect(processesOf(running)).not.toEqual([]);
    // As a restore does it: on from a number that no agent has seen. What is not named is left alone.
    world.scheduler.revision = 2 ** 52;
    world.scheduler.desired = [];
    await eventually(() => fault() === '', 'orders are taken again');
    expect(processesOf(running)).not.toEqual([]);
    world.scheduler.want(stop);
    await world.scheduler.ended(running);
  });

  it('that do not name a running attempt leave it alone, and it is reported', async () => {
    const spec = shell('sleep 300');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    world.scheduler.want();
    const before = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > before + 2, 'it syncs again');
    expect(processesOf(spec)).not.toEqual([]);
    expect(world.scheduler.reported).toContainEqual({ jobId: spec.jobId, attempt: 1, phase: 'running' });
    world.scheduler.want({ ...spec, want: 'stop' });
    await world.scheduler.ended(spec);
  });
});

describe('what a job finds', () => {
  it("is its code, its read-only datasets, its variables, and none of the agent's own", async () => {
    const code = await storeManifest(world.blobs, { 'src/main.sh': { text: 'echo from-code; pwd', executable: true } });
    const digest = await storeManifest(world.blobs, { 'a/b.txt': { text: 'data' } });
    const script = `./src/main.sh; cat "$BATON_DATASET_DIGITS_V2/a/b.txt"; stat -c %a "$BATON_DATASET_DIR/digits-v2/a/b.txt" "$BATON_DATASET_DIR/digits-v2/a"; env; echo x > "$BATON_CHECKPOINT_DIR/c"`;
    const spec = shell(script, { code, datasets: [{ as: 'digits-v2', digest }], env: { LEARNING_RATE: '0.1' } });
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ exitCode: 0 });
    const lines = (await world.log(spec, 'stdout')).toString().split('\n');
    expect(lines.slice(0, 2)).toEqual(['from-code', `${world.attemptFolder(spec)}/work`]);
    expect(lines).toContain('data444');
    expect(lines).toContain('555');
    expect(lines).toEqual(
      expect.arrayContaining([
        `BATON_JOB_ID=${spec.jobId}`,
        'BATON_ATTEMPT=1',
        'LEARNING_RATE=0.1',
        'CUDA_VISIBLE_DEVICES=',
      ]),
    );
    expect(lines.filter((line) => /^BATON_(NATS|AGENT|BLOB)/.test(line))).toEqual([]);
    const retry = shell('cat "$BATON_CHECKPOINT_DIR/c"', { jobId: spec.jobId, attempt: 2 });
    world.scheduler.want(retry);
    expect((await world.scheduler.ended(retry)).lastLines).toEqual(['x']);
  });

  it('refuses code whose paths leave their folder', async () => {
    const code = await storeManifest(world.blobs, { '../../escaped': { text: 'x' } });
    const spec = shell('true', { code });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result.reason).toBe('bad-input');
    expect(result.message).toContain('../../escaped');
  });

  it("holds secrets in its environment and never in its log, its record or its artifacts' note", async () => {
    world.scheduler.secretValues = { API_KEY: 'hunter2-very-secret' };
    const script =
      'printf "key=%s token=%s" "$API_KEY" "$BATON_TOKEN"; printf hunter2-; sleep 0.4; printf "very-secret\\n" ; echo "$API_KEY" >&2';
    const spec = shell(script, { secrets: ['API_KEY'] });
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    const logs = Buffer.concat([await world.log(spec, 'stdout'), await world.log(spec, 'stderr')]);
    const text = logs.toString() + JSON.stringify(result);
    expect(text).toContain('key=*******************');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('job-token');
    world.scheduler.secretValues = {};
  });
});

describe('hostile output', () => {
  it('binary garbage and 10 MB on one line are shipped whole, and the metrics after them are read', async () => {
    const script =
      'head -c 3000000 /dev/urandom; echo; head -c 10000000 /dev/zero | tr "\\0" "="; echo; echo loss=NaN acc=1e400 f1=0.5';
    const spec = shell(`(${script}) | tee copy; sha256sum copy | cut -c-64 >&2`);
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result.finalMetrics).toMatchObject({ f1: 0.5 });
    expect(result.finalMetrics).not.toHaveProperty('loss');
    const shipped = await world.log(spec, 'stdout');
    expect(createHash('sha256').update(shipped).digest('hex')).toBe(
      (await world.log(spec, 'stderr')).toString().trim(),
    );
  });

  it('a job that closes its output and removes its folder still ends with its exit code', async () => {
    const spec = shell('exec >&- 2>&-; rm -rf "$BATON_OUTPUT_DIR" "$HOME"/*; exit 4');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 4, artifacts: null });
  });
});

describe('artifacts', () => {
  it('are the regular files of the output folder; links are named and not followed', async () => {
    const script =
      'cd "$BATON_OUTPUT_DIR"; mkdir -p sub; echo weights > sub/model.onnx; ln -s /etc/passwd stolen; ln -s /etc folder; exit 1';
    const spec = shell(script);
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    expect(result.artifacts).toMatchObject({ fileCount: 1, sizeBytes: 8 });
    expect(result.message).toContain('"folder", "stolen"');
    const manifest = JSON.parse((await world.blobs.read(result.artifacts?.digest ?? '')).toString()) as {
      files: { path: string; digest: string }[];
    };
    expect(manifest.files.map((file) => file.path)).toEqual(['sub/model.onnx']);
    expect((await world.blobs.read(manifest.files[0]?.digest ?? '')).toString()).toBe('weights\n');
  });
});

describe('an attempt that is over', () => {
  it('is forgotten and its folder removed once the scheduler has its end and no longer wants it', async () => {
    const digest = await storeManifest(world.blobs, { 'x.txt': { text: 'data' } });
    const spec = shell('echo done', { datasets: [{ as: 'x', digest }] });
    world.scheduler.want(spec);
    await world.scheduler.ended(spec);
    world.scheduler.want();
    await eventually(() => !existsSync(world.attemptFolder(spec)), 'the folder is gone');
    await eventually(
      () => !world.scheduler.reported.some((one) => one.jobId === spec.jobId),
      'it is no longer reported',
    );
    expect(existsSync(world.attemptFolder(spec))).toBe(false);
  });

  it('is told in facts with numbers without gaps', () => {
    const seqs = world.scheduler.facts.map((fact) => fact.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });
});

function cpuGroupOf(spec: ReturnType<typeof shell>): string {
  const groups = (read(`/proc/${process.pid}/cgroup`) ?? '').includes(':cpu:')
    ? '/sys/fs/cgroup/cpu'
    : '/sys/fs/cgroup';
  return `${groups}/baton-${world.nodeId}/${spec.jobId}.1`;
}

function throttledTimes(group: string): number {
  return Number(/nr_throttled (\d+)/.exec(read(`${group}/cpu.stat`) ?? '')?.[1] ?? 0);
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
