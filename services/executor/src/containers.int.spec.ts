// The agent with a real docker daemon: jobs with an image, from their inputs to their artifacts, and the hand-off between them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DesiredAttempt } from '@baton/contracts';
import { type Dockerd, startDockerd } from '@baton/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { IMAGE } from './testing/docker-bench.ts';
import { eventually } from './testing/eventually.ts';
import { startImageRegistry } from './testing/image-registry.ts';
import { processesOf, shell, startWorld, storeManifest, type World } from './testing/world.ts';

let world: World;
let dockerd: Dockerd;
let agent: AgentProcess;
let missing = '';
const settings = () => ({ BATON_DOCKER: dockerd.socket, BATON_SAMPLE_MS: '200' });
beforeAll(async () => {
  const started = await startDockerd();
  if (typeof started === 'string') return void (missing = started);
  dockerd = started;
  world = await startWorld();
  await dockerd.importBusybox(IMAGE);
  agent = await world.startAgent(settings());
});
beforeEach((context) => {
  if (missing !== '') context.skip(missing);
});
afterAll(async () => {
  await world?.stop();
  await dockerd?.stop();
});

const contained = (script: string, more: Partial<DesiredAttempt> = {}) =>
  shell(script, { environment: { image: IMAGE }, ...more });
const HOLD = 'echo begun; while [ ! -e "$BATON_CHECKPOINT_DIR/stop" ]; do sleep 0.01; done; exit 5';
const release = ({ jobId }: DesiredAttempt) =>
  writeFileSync(join(world.folder, 'agent', 'checkpoints', jobId, 'stop'), '');
const typesOf = (spec: DesiredAttempt) => world.scheduler.of(spec).map((fact) => fact.type);
const says = (spec: DesiredAttempt, text: string) =>
  eventually(() => readFileSync(join(world.attemptFolder(spec), 'stdout'), 'utf8').includes(text), `it says ${text}`);

it('a job with an image finds code and data, and leaves output, metrics and artifacts', async () => {
  const code = await storeManifest(world.blobs, { 'train.sh': { text: 'cat data.txt && echo mine > data.txt' } });
  const digest = await storeManifest(world.blobs, { 'b.txt': { text: 'data' } });
  const script = [
    'echo code >> train.sh && cat $BATON_DATASET_DIGITS/b.txt && echo',
    'echo step=1 loss=0.5; echo weights > $BATON_OUTPUT_DIR/w.bin; echo "secret is $TOKEN"; which baton-take',
  ];
  world.scheduler.secretValues = { TOKEN: 'a-very-secret-value' };
  const spec = contained(script.join('\n'), { code, datasets: [{ as: 'digits', digest }], secrets: ['TOKEN'] });
  world.scheduler.want(spec);
  const result = await world.scheduler.ended(spec);
  expect(result).toMatchObject({
    reason: 'exited',
    exitCode: 0,
    finalMetrics: { loss: 0.5 },
    artifacts: { fileCount: 1 },
  });
  const text = (await world.log(spec, 'stdout')).toString();
  expect(text).toMatch(/^data\nstep=1 loss=0.5\nsecret is \*+\n.*\/baton-take\n$/);
  expect(typesOf(spec)).toEqual(['starting', 'started', 'released', 'ended']);
  world.scheduler.want();
});

it('a job with an image goes on while the agent is killed and started again, and waits for its turn like any other', async () => {
  const first = contained(HOLD);
  const behind = { count: 1, pool: first.devices, predecessors: [{ jobId: first.jobId, attempt: 1 }] };
  const next = contained('echo next; exit 6', { devices: [], behind });
  world.scheduler.want(first, next);
  await eventually(() => typesOf(next).includes('staged'), 'it is staged');
  await says(first, 'begun');
  await agent.kill();
  agent = await world.startAgent(settings());
  await eventually(() => world.scheduler.reported.some(({ jobId }) => jobId === next.jobId), 'both are found again');
  const measured = async () => (await world.points(first)).map(({ values }) => values['system/memory'] ?? 0);
  await eventually(async () => (await measured()).some((bytes) => bytes > 0), 'what it uses is measured');
  release(first);
  expect(await world.scheduler.ended(first)).toMatchObject({ reason: 'exited', exitCode: 5 });
  expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 6 });
  const startedAt = world.scheduler.of(next).find(({ type }) => type === 'started')?.at ?? 0;
  const releasedAt = world.scheduler.of(first).find(({ type }) => type === 'released')?.at ?? Infinity;
  expect(startedAt).toBeGreaterThanOrEqual(releasedAt);
  expect([...processesOf(first), ...processesOf(next)]).toEqual([]);
});

it('a job with an image is cancelled as any other: SIGTERM, and SIGKILL after the grace period', async () => {
  const polite = contained('trap "echo saved; exit 0" TERM; echo begun; while :; do sleep 0.05; done');
  const deaf = contained('trap "" TERM; echo begun; while :; do sleep 0.05; done', {
    devices: [{ id: 'cpu-1', kind: 'cpu', index: 1, model: 'CPU slot', memoryBytes: 0 }],
  });
  world.scheduler.want(polite, deaf);
  await Promise.all(
    [polite, deaf].map(async (spec) => {
      await world.scheduler.started(spec);
      await says(spec, 'begun');
    }),
  );
  world.scheduler.want({ ...polite, want: 'stop' }, { ...deaf, want: 'stop' });
  expect(await world.scheduler.ended(polite)).toMatchObject({ reason: 'cancelled', exitCode: 0 });
  expect((await world.log(polite, 'stdout')).toString()).toBe('begun\nsaved\n');
  expect(await world.scheduler.ended(deaf)).toMatchObject({ reason: 'cancelled', signal: 'SIGKILL' });
});

it("an image that does not exist ends the job as bad input, in the registry's words", async () => {
  const registry = await startImageRegistry(await dockerd.busyboxTar());
  onTestFinished(() => registry.stop());
  const spec = contained('true', { environment: { image: `${registry.repository}:2` } });
  world.scheduler.want(spec);
  const result = await world.scheduler.ended(spec);
  expect(result).toMatchObject({ reason: 'bad-input', startedAt: null });
  expect(result.message).toMatch(/^The image .*digits:2 could not be pulled: .*manifest unknown/);
});
