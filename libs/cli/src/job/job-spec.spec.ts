// A job from a file and flags.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceCount } from '../verb.ts';
import { readJobFile, withFlags } from './job-spec.ts';

describe('flags', () => {
  it('stand over the file, and leave the rest of it alone', () => {
    const draft = {
      name: 'a',
      command: ['x'],
      env: { A: '1', B: '2' },
      resources: { gpus: 1, cpus: 2 },
      labels: { team: 'vision' },
    };
    expect(withFlags(draft, { name: 'b', env: ['B=3'], gpus: 0, label: ['run=7'], python: '3.11' })).toEqual({
      name: 'b',
      command: ['x'],
      env: { A: '1', B: '3' },
      resources: { gpus: 0, cpus: 2 },
      labels: { team: 'vision', run: '7' },
      environment: { python: '3.11' },
    });
  });
  it('ask for parts of devices as for whole ones', () => {
    expect(withFlags({}, { gpus: 0.5 })).toEqual({ resources: { gpus: 0.5 } });
    expect(withFlags({ resources: { cpus: 1 } }, { cpuSlots: 0.25 })).toEqual({
      resources: { cpus: 1, cpuSlots: 0.25 },
    });
    expect([deviceCount('2'), deviceCount('0.5'), deviceCount('.25'), deviceCount('0')]).toEqual([2, 0.5, 0.25, 0]);
    for (const text of ['1.5', '-1', 'half', '']) expect(() => deviceCount(text)).toThrow('a part of one');
  });
  it('that are absent leave no member behind', () => {
    expect(withFlags({}, {})).toEqual({});
  });
  it('become the fields of the specification', () => {
    expect(
      withFlags(
        {},
        {
          image: 'torch:2',
          network: 'bridge',
          shmSize: '1GiB',
          dataset: ['digits@2:d'],
          secret: ['S'],
          memory: '4GiB',
          timeLimit: '2h',
          retries: 0,
          outputModel: 'm',
        },
      ),
    ).toEqual({
      datasets: [{ dataset: 'digits', version: 2, as: 'd' }],
      secrets: ['S'],
      resources: { memory: '4GiB' },
      timeLimit: '2h',
      retries: 0,
      outputs: { model: 'm' },
      environment: { image: 'torch:2', network: 'bridge', shmSize: '1GiB' },
    });
  });
});

describe('flags about when and where a job may run', () => {
  it('become the fields of the specification, and stand over those of a file', () => {
    const draft = { requires: { room: 'a', rack: '1' }, array: { parallel: 3 }, class: 'normal' };
    expect(
      withFlags(draft, {
        gpus: 2,
        gpuModel: 'A100',
        gpuMemory: '40GiB',
        class: 'urgent',
        require: ['room=b'],
        prefer: ['ib=yes'],
        exclusive: true,
        keepsCheckpoints: true,
        begin: '2h',
        hold: true,
        after: ['train', 'eval:end'],
        arrayValue: ['0.1', '0.2'],
      }),
    ).toEqual({
      resources: { gpus: 2, gpuModel: 'A100', gpuMemory: '40GiB' },
      class: 'urgent',
      requires: { room: 'b', rack: '1' },
      prefers: { ib: 'yes' },
      exclusive: true,
      keepsCheckpoints: true,
      begin: '2h',
      hold: true,
      after: [{ job: 'train' }, { job: 'eval', when: 'end' }],
      array: { values: ['0.1', '0.2'], parallel: 3 },
    });
    expect(withFlags({}, { array: 10, parallel: 2 })).toEqual({ array: { count: 10, parallel: 2 } });
  });
});

describe('a job file', () => {
  let folder: string;
  const file = async (text: string) => {
    const path = join(folder, 'job.yaml');
    await writeFile(path, text);
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-job-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  it('is YAML, unknown fields and all: the platform refuses those', async () => {
    expect(await readJobFile(await file('command: [python, train.py]\ncolour: red\n'))).toEqual({
      command: ['python', 'train.py'],
      colour: 'red',
    });
  });
  it('may be JSON', async () => {
    expect(await readJobFile(await file('{"command": ["x"]}'))).toEqual({ command: ['x'] });
  });
  it('says where it is no YAML', async () => {
    await expect(readJobFile(await file('command: [x\n  y: :'))).rejects.toThrow(/no valid YAML.*line/s);
  });
  it.each(['', '- a\n', 'text\n'])('refuses what is no map: %j', async (text) => {
    await expect(readJobFile(await file(text))).rejects.toThrow('holds no job');
  });
  it('says that it is missing', async () => {
    await expect(readJobFile(join(folder, 'none.yaml'))).rejects.toThrow("can't be read");
  });
});
