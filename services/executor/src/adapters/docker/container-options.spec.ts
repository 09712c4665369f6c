// What a container is made with.
import { describe, expect, it } from 'vitest';
import type { Launch } from '../../app/ports.ts';
import { StatePaths } from '../files/attempt-paths.ts';
import { containerOptions } from './container-options.ts';

const key = { jobId: 'job_a', attempt: 2 };
const launch: Launch = {
  key,
  command: ['python', 'train.py'],
  env: { PATH: '/tools/bin', PYTHONPATH: '/tools/python', CUDA_VISIBLE_DEVICES: '' },
  early: false,
  isBehind: false,
  isLeased: false,
  limits: { cpus: 0, memoryBytes: 0 },
  environment: { image: 'torch:2' },
  devices: ['cpu-0'],
};
const optionsOf = (more: Partial<Launch> = {}, env: readonly string[] = ['PATH=/opt/conda/bin:/bin', 'A=b=c']) =>
  containerOptions({
    launch: { ...launch, ...more },
    image: { id: 'sha256:1', digest: null, env },
    nodeId: 'nod_x',
    paths: new StatePaths('/agent'),
    tools: { folder: '/agent/tools/1', container: '/agent/tools/1/container.sh', waiter: '/agent/tools/1/waiter.sh' },
    user: '65534:65534',
  });

describe('a container', () => {
  it('is given every card that its job has or may get, and no other', () => {
    const { HostConfig } = optionsOf({ devices: ['GPU-1', 'GPU-2', 'cpu-0'] });
    expect(HostConfig?.DeviceRequests).toEqual([
      { Driver: '', DeviceIDs: ['GPU-1', 'GPU-2'], Capabilities: [['gpu']] },
    ]);
    expect(optionsOf().HostConfig).not.toHaveProperty('DeviceRequests');
  });

  it('has no network, no capabilities and no new privileges unless its job asks for a network', () => {
    const confined = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], AutoRemove: false };
    expect(optionsOf()).toMatchObject({ User: '65534:65534', HostConfig: { ...confined, NetworkMode: 'none' } });
    const environment = { image: 'torch:2', network: 'bridge' } as const;
    expect(optionsOf({ environment }).HostConfig).toMatchObject({ ...confined, NetworkMode: 'bridge' });
  });

  it('has no swap beside its memory, and all processors unless limited', () => {
    const { HostConfig } = optionsOf({ limits: { cpus: 1.5, memoryBytes: 2 ** 30 } });
    expect(HostConfig).toMatchObject({ NanoCpus: 1.5e9, Memory: 2 ** 30, MemorySwap: 2 ** 30 });
    expect(optionsOf().HostConfig).not.toHaveProperty('NanoCpus');
  });

  it("puts the agent's tools before the image's programs, and takes the rest of its environment as it is", () => {
    expect(optionsOf().Env).toEqual(
      expect.arrayContaining(['PATH=/tools/bin:/opt/conda/bin:/bin', 'PYTHONPATH=/tools/python']),
    );
    expect(optionsOf({}, ['PYTHONPATH=/image']).Env).toContain('PYTHONPATH=/tools/python:/image');
    expect(optionsOf({}, []).Env?.find((pair) => pair.startsWith('PATH='))).toMatch(/^PATH=\/tools\/bin:.*:\/bin$/);
  });

  it('shows its own folders at their own paths, data read-only, and of `run` only what is its own', () => {
    const mounts = optionsOf().HostConfig?.Mounts ?? [];
    const shown = mounts.map(({ Source, Target, ReadOnly }) => `${Source} ${Target} ${ReadOnly ? 'ro' : 'rw'}`);
    const root = '/agent/attempts/job_a.2';
    const same = (path: string, how: string) => `${path} ${path} ${how}`;
    expect(shown.toSorted()).toEqual(
      [
        ...['work', 'output', 'tmp', 'signs', 'stdout', 'stderr'].map((name) => same(`${root}/${name}`, 'rw')),
        same('/agent/checkpoints/job_a', 'rw'),
        same(`${root}/datasets`, 'ro'),
        `${root}/run/inside ${root}/run rw`,
        same('/agent/tools/1', 'ro'),
      ].toSorted(),
    );
  });
});
