// What a job finds in its environment.
import { describe, expect, it } from 'vitest';
import { aSpec } from '../testing/domain-builders.ts';
import { datasetVariable, jobEnvironment } from './job-environment.ts';
import { isSafePath } from './safe-path.ts';

const folders = { work: '/w', output: '/o', datasets: '/d', checkpoints: '/c', temporary: '/t' };
const base = {
  folders,
  apiUrl: 'http://api',
  token: 'tok',
  secrets: {},
  pathFirst: ['/venv/bin'],
  basePath: '/usr/bin',
  virtualEnvironment: '/venv',
  pythonPath: '/modules',
};
const gpu = (id: string, index: number) => ({ id, kind: 'gpu' as const, index, model: 'x', memoryBytes: 1 });

describe('the environment of a job', () => {
  it('names its cards and hides the others', () => {
    const spec = { ...aSpec(1), devices: [gpu('GPU-a', 0), gpu('GPU-b', 1)] };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({
      CUDA_VISIBLE_DEVICES: 'GPU-a,GPU-b',
      PATH: '/venv/bin:/usr/bin',
    });
    expect(jobEnvironment({ ...base, spec, basePath: null })).toMatchObject({ PATH: '/venv/bin' });
    expect(jobEnvironment({ ...base, spec: aSpec(1) })).toMatchObject({ CUDA_VISIBLE_DEVICES: '' });
  });

  it('tells a job that shares a card its part of it, and JAX to take no more of its memory', () => {
    const spec = { ...aSpec(1), devices: [gpu('GPU-a', 0)], devicePart: 0.5 };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({
      CUDA_VISIBLE_DEVICES: 'GPU-a',
      BATON_DEVICE_PART: '0.5',
      XLA_PYTHON_CLIENT_MEM_FRACTION: '0.375',
    });
    const env = { XLA_PYTHON_CLIENT_MEM_FRACTION: '0.1', BATON_DEVICE_PART: '1' };
    const own = jobEnvironment({ ...base, spec: { ...spec, env } });
    expect(own).toMatchObject({ XLA_PYTHON_CLIENT_MEM_FRACTION: '0.1', BATON_DEVICE_PART: '0.5' });
    expect(jobEnvironment({ ...base, spec: aSpec(1) })).not.toHaveProperty('BATON_DEVICE_PART');
  });

  it("lets the job set its own, but never the platform's", () => {
    const spec = { ...aSpec(1), env: { PATH: '/mine', BATON_TOKEN: 'forged', CUDA_VISIBLE_DEVICES: '0,1,2' } };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({
      PATH: '/mine',
      BATON_TOKEN: 'tok',
      CUDA_VISIBLE_DEVICES: '',
    });
  });

  it('hides the cards that it still waits for', () => {
    const behind = { count: 1, pool: [gpu('GPU-b', 1)], predecessors: [{ jobId: 'job_x', attempt: 1 }] };
    const spec = { ...aSpec(1), devices: [gpu('GPU-a', 0)], behind };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({ CUDA_VISIBLE_DEVICES: '' });
  });

  it("finds the platform's module behind what it sets itself", () => {
    expect(jobEnvironment({ ...base, spec: aSpec(1) })).toMatchObject({ PYTHONPATH: '/modules' });
    const spec = { ...aSpec(1), env: { PYTHONPATH: '/mine' } };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({ PYTHONPATH: '/mine:/modules' });
  });

  it('holds only the secrets that the job asked for', () => {
    const spec = { ...aSpec(1), secrets: ['ASKED', 'MISSING'] };
    const environment = jobEnvironment({ ...base, spec, secrets: { ASKED: '1', OTHER: '2' } });
    expect(environment).toMatchObject({ ASKED: '1' });
    expect(environment).not.toHaveProperty('OTHER');
    expect(environment).not.toHaveProperty('MISSING');
  });

  it('says which of how many nodes it is', () => {
    expect(jobEnvironment({ ...base, spec: aSpec(1) })).toMatchObject({ BATON_NODE_RANK: '0', BATON_NUM_NODES: '1' });
    expect(jobEnvironment({ ...base, spec: aSpec(1) })).not.toHaveProperty('WORLD_SIZE');
    const nodes = ['10.0.0.7', 'box.lab'].map((address) => ({ name: 'n', address }));
    const spec = { ...aSpec(1), env: { BATON_NODE_RANK: '7' }, gang: { rank: 1, nodes, rendezvous: null } };
    expect(jobEnvironment({ ...base, spec })).toMatchObject({
      BATON_NODE_RANK: '1',
      BATON_NUM_NODES: '2',
      BATON_NODE_LIST: '10.0.0.7,box.lab',
      RANK: '1',
      WORLD_SIZE: '2',
    });
  });

  it('has a variable for each dataset', () => {
    expect(datasetVariable('digits-v2.1')).toBe('BATON_DATASET_DIGITS_V2_1');
  });
});

describe('a path of a manifest', () => {
  it.each(['/etc/passwd', '../x', 'a/../../x', 'a//b', '.', 'a/./b', '', 'a/', 'a\\b', 'a\0b'])(
    'is refused: %j',
    (path) => {
      expect(isSafePath(path)).toBe(false);
    },
  );
  it.each(['a', 'a/b.txt', '..a/b..', '.hidden/한글'])('is taken: %j', (path) => {
    expect(isSafePath(path)).toBe(true);
  });
});
