// What goes wrong with images and daemons, and what a container may not do: against a real docker daemon.
import { freePort } from '@baton/testkit';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Launch } from '../../app/ports.ts';
import { type DockerBench, IMAGE, startDockerBench } from '../../testing/docker-bench.ts';
import { eventually } from '../../testing/eventually.ts';
import { type ImageRegistry, startImageRegistry } from '../../testing/image-registry.ts';
import { aLaunch, textOf } from '../../testing/runtime-stage.ts';
import { job } from '../../testing/world.ts';
import { DockerDaemon } from './docker-daemon.ts';
import type { DockerRuntime } from './docker-runtime.ts';

let bench: DockerBench;
let runtime: DockerRuntime;
let registry: ImageRegistry;
let missing = '';
beforeAll(async () => {
  const started = await startDockerBench();
  if (typeof started === 'string') return void (missing = started);
  bench = started;
  runtime = await bench.open([]);
  registry = await startImageRegistry(await bench.dockerd.busyboxTar());
});
beforeEach((context) => {
  if (missing !== '') context.skip(missing);
});
afterAll(async () => {
  await registry?.stop();
  await bench?.stop();
});

const stdoutOf = ({ key }: Launch) => textOf(join(bench.paths.attempt(key).root, 'stdout'));

function prepare(image: string, by = runtime) {
  const progress: string[] = [];
  const controller = new AbortController();
  const options = { signal: controller.signal, onProgress: (text: string) => void progress.push(text) };
  return { done: by.prepare(job([], { environment: { image } }), options), progress, controller };
}

async function running(script: string, more: Partial<Launch> = {}) {
  const launch = await aLaunch(bench, script, more);
  const identity = await runtime.arm(launch);
  runtime.go(launch.key, ['cpu-0']);
  return { launch, identity };
}

/** What it prints when it has ended well. */
async function outputOf(script: string, more: Partial<Launch> = {}): Promise<string> {
  const { launch, identity } = await running(script, more);
  const end = await runtime.ended(launch.key, identity);
  const { root } = bench.paths.attempt(launch.key);
  expect([end, textOf(join(root, 'stderr'))]).toEqual([{ kind: 'exited', code: 0 }, '']);
  runtime.forget(launch.key);
  return stdoutOf(launch);
}

describe('an image', () => {
  it('is pulled by its digest, with progress, and the job finds what it brings', async () => {
    const image = `${registry.repository}@${registry.digest}`;
    const { done, progress } = prepare(image);
    await done;
    expect(progress[0]).toBe(`image ${image}`);
    expect(progress.at(-1)).toBe(`image ${image} 100 %`);
    expect(bench.told.join('\n')).toContain(registry.digest);
    expect(await outputOf('echo $FROM_IMAGE $PATH', { environment: { image } })).toMatch(
      /^yes .*\/tools\/[0-9a-f]+\/bin:\/bin\n$/,
    );
  });

  it('is pulled by its tag, and said which digest that was', async () => {
    bench.told.length = 0;
    await prepare(`${registry.repository}:1`).done;
    expect(bench.told.join('\n')).toContain(registry.digest);
  });

  it("that does not exist is the job's fault, in the registry's words", async () => {
    const { done } = prepare(`${registry.repository}:no-such-tag`);
    await expect(done).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(done).rejects.toThrow(/no-such-tag could not be pulled: .*manifest unknown/);
  });

  it('whose registry can not be reached is no fault of the job', async () => {
    const { done } = prepare(`127.0.0.1:${await freePort()}/digits:1`);
    await expect(done).rejects.toMatchObject({ code: 'unavailable' });
    await expect(done).rejects.toThrow(/connection refused/);
  });

  it('without /bin/sh is refused, and says why', async () => {
    await bench.dockerd.importBusybox('no-shell:1', { shell: false });
    const armed = aLaunch(bench, 'true', { environment: { image: 'no-shell:1' } }).then((launch) =>
      runtime.arm(launch),
    );
    await expect(armed).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(armed).rejects.toThrow('has no /bin/sh');
  });
});

describe('a container', () => {
  it('is nobody in particular: no root, no capabilities, no new privileges, no network', async () => {
    const script = 'id -u; id -g; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; ls /sys/class/net';
    expect((await outputOf(script)).split(/\s+/)).toEqual(
      '65534 65534 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 lo '.split(' '),
    );
  });

  it('is held to its limits of processes, shared memory and processors', async () => {
    const environment = { image: IMAGE, pids: 50, shmSizeBytes: 2 ** 20 };
    const limits = { cpus: 0.5, memoryBytes: 0 };
    const groups = '/sys/fs/cgroup';
    const script = `df -k /dev/shm | tail -1 | awk '{print $2}'; cat ${groups}/pids.max ${groups}/pids/pids.max 2>/dev/null; cat ${groups}/cpu.max ${groups}/cpu/cpu.cfs_quota_us 2>/dev/null; true`;
    const [shm, pids, cpus] = (await outputOf(script, { environment, limits })).trim().split('\n');
    expect([shm, pids, cpus?.split(' ')[0]]).toEqual(['1024', '50', '50000']);
  });

  it('sees its own folders, read-only data, and nothing else of the node', async () => {
    const launch = await aLaunch(bench, '');
    const { root, datasets } = bench.paths.attempt(launch.key);
    writeFileSync(join(datasets, 'data'), 'data');
    writeFileSync(join(root, 'secrets'), 'secret');
    const script = `cat $BATON_DATASET_DIR/data; (echo x > $BATON_DATASET_DIR/data) 2>/dev/null || echo " kept"; ls ${root}; ls $BATON_DATASET_DIR/../../..`;
    const identity = await runtime.arm({ ...launch, command: ['sh', '-c', script] });
    runtime.go(launch.key, ['cpu-0']);
    await runtime.ended(launch.key, identity);
    expect(stdoutOf(launch).split('\n').join(' ')).toBe(
      'data kept datasets output run signs stderr stdout tmp work attempts checkpoints tools ',
    );
  });

  it('can not make the agent read or write a file of the node by links in their common folder', async () => {
    const { launch, identity } = await running(
      'cd "$(dirname "$HOME")/run" && ln -sf /etc/hostname words && rm -f go exit && ln -s /etc/hostname exit && ln -s /tmp/baton-written go; exit 5',
    );
    runtime.go(launch.key, ['cpu-0']);
    const end = await runtime.ended(launch.key, identity);
    expect(JSON.stringify(end)).not.toContain(textOf('/etc/hostname').trim());
    expect(textOf('/tmp/baton-written')).toBe('');
  });

  it('with cards needs what docker lacks here, and says what that is', async () => {
    const armed = aLaunch(bench, 'true', { devices: ['GPU-7f3e'] }).then((launch) => runtime.arm(launch));
    await expect(armed).rejects.toMatchObject({ code: 'unavailable' });
    await expect(armed).rejects.toThrow(/could not select device driver.*NVIDIA Container Toolkit/);
  });

  it('is removed when its attempt is forgotten, and when nothing names it any more', async () => {
    const one = await running('true');
    await runtime.ended(one.launch.key, one.identity);
    runtime.forget(one.launch.key);
    const left = await running('true');
    const kept = await running('true');
    for (const { launch, identity } of [left, kept]) await runtime.ended(launch.key, identity);
    await bench.open([kept.launch.key]);
    await eventually(async () => (await containers()).length === 1, 'one is left');
    expect(await containers()).toEqual([`baton-${kept.launch.key.jobId}.1`]);
  });

  it('that somebody removes is a lost attempt, with the reason', async () => {
    const { launch, identity } = await running('echo ready; sleep 300');
    await eventually(() => stdoutOf(launch) === 'ready\n', 'it runs');
    const daemon = await DockerDaemon.at(bench.dockerd.socket, 0);
    await daemon.ask((docker) => docker.getContainer(identity.container ?? '').remove({ force: true }));
    const words = 'Its container was removed while the job ran.';
    expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'lost', words });
  });
});

describe('a daemon', () => {
  it('that is down is waited for, visibly, and then given up', async () => {
    await bench.dockerd.kill();
    const impatient = await bench.open([], 700);
    const { done, progress } = prepare(IMAGE, impatient);
    await expect(done).rejects.toMatchObject({ code: 'unavailable' });
    await expect(done).rejects.toThrow('Docker does not answer on this node');
    expect(progress[0]).toMatch(/^waiting for docker, which does not answer: /);
    const patient = prepare(IMAGE);
    await eventually(() => patient.progress.length > 0, 'it waits');
    await bench.dockerd.start();
    await patient.done;
  });

  it('that is down need not be waited for when the attempt is called off', async () => {
    await bench.dockerd.kill();
    const { done, progress, controller } = prepare(IMAGE);
    await eventually(() => progress.length > 0, 'it waits');
    controller.abort(new Error('called off'));
    await expect(done).rejects.toThrow('called off');
    await bench.dockerd.start();
  });

  it('that dies in the middle of a job keeps neither the job from running nor its end from being told', async () => {
    const { launch, identity } = await running('echo ready; while [ ! -e stop ]; do sleep 0.02; done; exit 3');
    const waiting = await aLaunch(bench, 'echo next; exit 4');
    const next = await runtime.arm(waiting);
    await eventually(() => stdoutOf(launch) === 'ready\n', 'it runs');
    await bench.dockerd.kill();
    writeFileSync(join(bench.paths.attempt(launch.key).work, 'stop'), '');
    expect(await runtime.ended(launch.key, identity)).toEqual({ kind: 'exited', code: 3 });
    runtime.go(waiting.key, ['cpu-0']);
    expect(await runtime.ended(waiting.key, next)).toEqual({ kind: 'exited', code: 4 });
    await bench.dockerd.start();
  });

  it('that dies, and ends the containers that it finds when it is back, makes them lost with the reason', async () => {
    const { launch, identity } = await running('echo ready; sleep 300');
    await eventually(() => stdoutOf(launch) === 'ready\n', 'it runs');
    await bench.dockerd.kill();
    const ended = runtime.ended(launch.key, identity);
    await bench.dockerd.start();
    expect(await ended).toMatchObject({ kind: 'lost', words: expect.stringContaining('restart of docker') });
  });
});

/** Names of all that there are. */
async function containers(): Promise<string[]> {
  const daemon = await DockerDaemon.at(bench.dockerd.socket, 0);
  const all = await daemon.ask((docker) => docker.listContainers({ all: true }));
  return all.flatMap(({ Names }) => Names.map((name) => name.slice(1)));
}
