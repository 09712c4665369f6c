// nvidia-smi's answers, in the forms that its documentation and drivers in trouble give.
import { describe, expect, it } from 'vitest';
import { parseGpuQuery } from './gpu-query.ts';

const UUID = 'GPU-5f2c1c8e-9d0b-4f0a-8c3e-0123456789ab';

describe('the answer of nvidia-smi', () => {
  it('gives each card with its memory', () => {
    const { devices, faults } = parseGpuQuery(
      `0, ${UUID}, NVIDIA H100 80GB HBM3, 81559\n1, ${UUID.replace('5', '6')}, Tesla, T4, 15360\n`,
    );
    expect(devices[0]).toEqual({
      id: UUID,
      kind: 'gpu',
      index: 0,
      model: 'NVIDIA H100 80GB HBM3',
      memoryBytes: 81_559 * 1_048_576,
    });
    expect(devices[1]).toMatchObject({ index: 1, model: 'Tesla, T4' });
    expect(faults).toEqual([]);
  });

  it.each([
    'No devices were found',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    'Failed to initialize NVML: Driver/library version mismatch',
    'Unable to determine the device handle for GPU0000:3B:00.0: Unknown Error',
    `0, ${UUID}, NVIDIA A100, [Unknown Error]`,
    '[N/A], [N/A], [N/A], [N/A]',
    'ERR!',
  ])('with an error gives no card and names it: %s', (text) => {
    expect(parseGpuQuery(`${text}\n`)).toEqual({ devices: [], faults: [text] });
  });

  it('keeps the healthy cards beside a broken one', () => {
    const { devices, faults } = parseGpuQuery(
      `0, ${UUID}, NVIDIA A100, 40960\nUnable to determine the device handle for GPU 1: GPU is lost.\n`,
    );
    expect([devices.length, faults.length]).toEqual([1, 1]);
  });
});
