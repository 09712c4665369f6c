// Cards as `nvidia-smi -q -x` tells of them: whole, divided, ill, lost.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  A100,
  dividedCard,
  H100,
  INSTANCES,
  LISTING_OF_DIVIDED,
  LOST_V100,
  modernCard,
  modernErrors,
  olderCard,
  olderErrors,
  remappedRows,
  smiLog,
  V100,
} from '../testing/nvidia-smi-texts.ts';
import { busIdOf, parseGpuXml, parseLostCards } from './gpu-xml.ts';

const MIB = 1_048_576;
const devicesIn = (text: string, listing?: string) => parseGpuXml(text, listing)?.flatMap(({ devices }) => devices);
const faultIn = (card: string) => devicesIn(smiLog(card))?.[0]?.fault;

describe('healthy cards', () => {
  it('are devices with their memory, whichever their generation', () => {
    expect(parseGpuXml(smiLog(modernCard(), olderCard()))).toEqual([
      {
        busId: '0000:1b:00.0',
        fault: null,
        devices: [{ id: H100, kind: 'gpu', model: 'NVIDIA H100 80GB HBM3', memoryBytes: 81_559 * MIB }],
      },
      {
        busId: '0000:3b:00.0',
        fault: null,
        devices: [{ id: V100, kind: 'gpu', model: 'Tesla V100-SXM2-32GB', memoryBytes: 32_768 * MIB }],
      },
    ]);
  });
  it.each([
    ['corrected errors', { ecc_errors: modernErrors({ dramCorrectable: 12 }) }],
    ['errors of a former boot', { ecc_errors: modernErrors({}) }],
    ['no error correction', { ecc_errors: modernErrors({}).replaceAll(/>\d+</g, '>N/A<') }],
    ['a sensor that does not answer', { fan_speed: 'Unknown Error' }],
    ['a driver that does not know of resets any more', { gpu_recovery_action: 'N/A' }],
  ])('stay in service with %s', (_what, elements) => {
    expect(faultIn(modernCard({ elements }))).toBeUndefined();
  });
});

describe('a card in trouble is out of service', () => {
  it.each([
    ['uncorrectable errors', { ecc_errors: modernErrors({ dramUncorrectable: 1 }) }, /1 uncorrectable ECC error since/],
    ['a row that could not be remapped', { remapped_rows: remappedRows({ failure: 'Yes' }) }, /could not be remapped/],
    ['a row remap that waits', { remapped_rows: remappedRows({ pending: 'Yes' }) }, /row remap waits/],
    ['memory beyond repair', { ecc_errors: '<unrepairable_memory>Yes</unrepairable_memory>' }, /can not be repaired/],
    ['a reset that is due', { gpu_recovery_action: 'Drain and Reset' }, /asks for: Drain and Reset/],
    ['a power reading of ERR!', { gpu_power_readings: '<instant_power_draw>ERR!</instant_power_draw>' }, /"ERR!"/],
    ['a bus that it has fallen off', { temperature: '<gpu_temp>GPU is lost</gpu_temp>' }, /"GPU is lost"/],
    ['no use to tell', { utilization: '<gpu_util>Unknown Error</gpu_util>' }, /"Unknown Error" for utilization/],
    ['no memory to tell', { fb_memory_usage: '<total>N/A</total>' }, /does not tell its memory/],
    ['a prohibited compute mode', { compute_mode: 'Prohibited' }, /compute mode/],
  ])('with %s', (_what, elements, reason) => {
    const [device] = devicesIn(smiLog(modernCard({ elements }))) ?? [];
    expect(device).toMatchObject({ id: H100, fault: expect.stringMatching(reason) as string });
  });
  it('with double-bit errors and pages to retire, in the older form', () => {
    expect(faultIn(olderCard({ elements: { ecc_errors: olderErrors(2) } }))).toMatch(/2 uncorrectable ECC errors/);
    const pages = '<pending_blacklist>No</pending_blacklist><pending_retirement>Yes</pending_retirement>';
    expect(faultIn(olderCard({ elements: { retired_pages: pages } }))).toMatch(/page retirement waits/);
  });
  it('and is none that could be named when it can not tell who it is', () => {
    const [card] = parseGpuXml(smiLog(modernCard({ uuid: 'GPU is lost' }))) ?? [];
    expect(card).toMatchObject({ busId: '0000:1b:00.0', devices: [], fault: expect.stringMatching(/lost/) as string });
  });
});

describe('a divided card', () => {
  const text = smiLog(dividedCard(), modernCard());

  it('is its instances, under the ids that CUDA knows', () => {
    expect(devicesIn(text, LISTING_OF_DIVIDED)).toEqual([
      { id: INSTANCES[0], kind: 'gpu', model: 'NVIDIA A100-SXM4-40GB MIG 3g.20gb', memoryBytes: 20_096 * MIB },
      { id: INSTANCES[1], kind: 'gpu', model: 'NVIDIA A100-SXM4-40GB MIG 2g.10gb', memoryBytes: 9_984 * MIB },
      expect.objectContaining({ id: H100 }),
    ]);
  });
  it('takes the errors of one instance for that one alone', () => {
    const devices = devicesIn(smiLog(dividedCard([3, 0])), LISTING_OF_DIVIDED);
    expect(devices?.map(({ fault }) => fault)).toEqual([expect.stringMatching(/3 uncorrectable/), undefined]);
  });
  it('without instances is one device that nobody can use', () => {
    const elements = { mig_mode: '<current_mig>Enabled</current_mig>', mig_devices: 'None' };
    const [device] = devicesIn(smiLog(modernCard({ uuid: A100, elements }))) ?? [];
    expect(device).toMatchObject({ id: A100, fault: expect.stringMatching(/no instances/) as string });
  });
  it('gives no instance whose id is not known', () => {
    expect(devicesIn(smiLog(dividedCard()))).toEqual([]);
  });
});

describe('an answer that is none', () => {
  it.each([
    '',
    'No devices were found',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    'Failed to initialize NVML: Driver/library version mismatch',
    LOST_V100,
    smiLog(modernCard()).slice(0, 900),
    '<html><body>a proxy</body></html>',
  ])('is told from one without cards: %j', (text) => {
    expect(parseGpuXml(text)).toBeNull();
    expect(parseGpuXml(smiLog())).toEqual([]);
  });
  it('never throws, and never gives a device without an id, whatever was cut or spoiled', () => {
    const text = smiLog(dividedCard(), modernCard(), olderCard());
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(text.length), fc.string(), (start, end, noise) => {
        const spoiled = text.slice(0, start) + noise + text.slice(end);
        for (const { devices } of parseGpuXml(spoiled, LISTING_OF_DIVIDED) ?? [])
          for (const { id } of devices) expect(id).toMatch(/^(GPU|MIG)-/);
      }),
    );
  });
});

describe('lost cards', () => {
  it.each([
    [LOST_V100, '0000:3b:00.0', /GPU is lost/],
    ['Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error', '0000:0b:00.0', /Unknown Error/],
    ['Unable to determine the device handle for gpu 00000000:AF:00.0: Not Found', '0000:af:00.0', /Not Found/],
  ])('are named by where they were: %s', (text, busId, fault) => {
    expect(parseLostCards(text)).toEqual([{ busId, fault: expect.stringMatching(fault) as string }]);
  });
  it('have one name in all forms of their bus id', () => {
    expect(new Set(['00000000:3B:00.0', '0000:3b:00.0', 'GPU0000:3B:00.0'].map(busIdOf))).toEqual(
      new Set(['0000:3b:00.0']),
    );
  });
});
