// What belongs to an attempt, and what it uses.
import { describe, expect, it } from 'vitest';
import { parseGpuUsage } from './gpu-usage.ts';
import { membersOf, type ProcessUsage, usageValues } from './usage.ts';

const leader = { pid: 100, startTicks: 7, bootId: 'b', launchedUptimeMs: 0 };
const one = (pid: number, parent: number, session: number, startTicks = 7): ProcessUsage => ({
  pid,
  parent,
  session,
  startTicks,
  cpuTicks: 1,
  residentPages: 1,
});

describe('the processes of an attempt', () => {
  it('are its session, and the descendants that have left it', () => {
    const table = [
      one(1, 0, 1),
      one(100, 1, 100),
      one(101, 100, 100),
      one(102, 101, 102),
      one(103, 102, 102),
      one(104, 1, 100),
      one(200, 1, 200),
      one(201, 200, 200),
    ];
    expect(membersOf(table, leader).map(({ pid }) => pid)).toEqual([100, 101, 104, 102, 103]);
  });
  it('are none where the number of the first now names another process', () => {
    expect(membersOf([one(100, 1, 100, 8), one(101, 100, 100)], leader)).toEqual([]);
  });
  it('are those that are left of its session when the first is gone', () => {
    expect(membersOf([one(101, 1, 100), one(102, 101, 102)], leader).map(({ pid }) => pid)).toEqual([101, 102]);
  });
});

it('gives rates since the measurement before, and never less than nothing', () => {
  const before = { atMs: 0, cpuSeconds: 1, residentBytes: 5, readBytes: 1_000, writtenBytes: 100 };
  const now = { atMs: 2_000, cpuSeconds: 4, residentBytes: 10, readBytes: 3_000, writtenBytes: 50 };
  expect(usageValues(before, now)).toEqual({
    'system/cpu': 1.5,
    'system/memory': 10,
    'system/disk-read': 1_000,
    'system/disk-write': 0,
  });
});

describe('nvidia-smi', () => {
  it('gives use, memory, temperature and power of each card, and leaves out what a card does not tell', () => {
    const text = [
      '0, GPU-9c5ea0cb-32b4-4f5e-b6c5-0d2a63a0a1b7, 97, 61234, 63, 412.55',
      '1, GPU-1f6e5a8e-5c2f-4b3d-9d9e-9a0c3f1e2d4b, [N/A], 1024, 41, [Not Supported]',
      '2, GPU-2f6e5a8e-5c2f-4b3d-9d9e-9a0c3f1e2d4b, [Unknown Error], [Unknown Error], [GPU is lost], ERR!',
      'Unable to determine the device handle for GPU0000:3B:00.0: Unknown Error',
      'No devices were found',
      '',
    ].join('\n');
    expect([...parseGpuUsage(text).values()]).toEqual([
      {
        'system/gpu-0/use': 97,
        'system/gpu-0/memory': 61_234 * 1_048_576,
        'system/gpu-0/temperature': 63,
        'system/gpu-0/power': 412.55,
      },
      { 'system/gpu-1/memory': 1_024 * 1_048_576, 'system/gpu-1/temperature': 41 },
      {},
    ]);
  });
});
