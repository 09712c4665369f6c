// The probe with a tool in nvidia-smi's place that says what real ones say.
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { mkdir, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeNvidiaSmi } from '../../testing/fake-nvidia-smi.ts';
import {
  dividedCard,
  H100,
  INSTANCES,
  LISTING_OF_DIVIDED,
  LOST_V100,
  modernCard,
  modernErrors,
  olderCard,
  smiLog,
  V100,
} from '../../testing/nvidia-smi-texts.ts';
import { memoryOf, ServerProbe } from './node-probe.ts';

let folder: TemporaryFolder;
let probe: ServerProbe;

beforeEach(async () => {
  folder = await temporaryFolder('baton-probe-');
  await mkdir(join(folder.path, 'gpus/0000:1b:00.0'), { recursive: true });
  await mkdir(join(folder.path, 'gpus/0000:3b:00.0'), { recursive: true });
  probe = newProbe();
});
afterEach(() => folder.cleanup());

function newProbe(): ServerProbe {
  return new ServerProbe({
    name: 'box',
    address: '10.0.0.7',
    cpuSlots: 1,
    labels: { rack: '3' },
    agentVersion: '1',
    path: `${folder.path}:/usr/bin:/bin`,
    folder: folder.path,
    driverFolder: join(folder.path, 'gpus'),
  });
}

const nvidiaSmi = (answers: Readonly<Record<string, string>>, otherwise?: string) =>
  fakeNvidiaSmi(folder.path, answers, otherwise);
const healthy = () => nvidiaSmi({ '-q -x': smiLog(modernCard(), olderCard()) });
const gpus = async () => {
  const { devices } = await probe.describe();
  return devices
    .filter(({ kind }) => kind === 'gpu')
    .map(({ id, index, fault }) => (fault === undefined ? [index, id] : [index, id, fault]));
};

describe('a server', () => {
  it('without nvidia-smi has its CPU slots, processors, memory and disk', async () => {
    const node = await probe.describe();
    expect(node.devices).toEqual([{ id: 'cpu-0', kind: 'cpu', index: 0, model: 'CPU slot', memoryBytes: 0 }]);
    expect(node).toMatchObject({ name: 'box', labels: { rack: '3' }, agentVersion: '1' });
    expect(node.cpus).toBeGreaterThan(0);
    expect(node.diskBytes).toBeGreaterThan(2 ** 20);
    expect(node.memoryBytes).toBeLessThanOrEqual(totalmem());
  });
  it('has no more memory than its cgroup allows', () => {
    expect([memoryOf(0, 8), memoryOf(4, 8), memoryOf(2 ** 64, 8)]).toEqual([8, 4, 8]);
  });
  it('tells the same twice when nothing has changed', async () => {
    await healthy();
    expect(await probe.describe()).toEqual(await probe.describe());
  });
});

describe('cards', () => {
  it('of all kinds are devices, instances under their own ids', async () => {
    await nvidiaSmi({ '-q -x': smiLog(dividedCard(), modernCard()), '-L': LISTING_OF_DIVIDED });
    expect(await gpus()).toEqual([
      [0, INSTANCES[0]],
      [1, INSTANCES[1]],
      [2, H100],
    ]);
  });

  it('are seen beside a lost one, which goes out of service, stays so, and comes back when it is well', async () => {
    await healthy();
    expect(await gpus()).toEqual([
      [0, H100],
      [1, V100],
    ]);
    await nvidiaSmi({ '-q -x -i 0000:1b:00.0': smiLog(modernCard()) }, LOST_V100);
    const lost = 'it does not answer: GPU is lost.  Reboot the system to recover this GPU';
    const expected = [
      [0, H100],
      [1, V100, lost],
    ];
    expect(await gpus()).toEqual(expected);
    expect(await gpus()).toEqual(expected);
    await healthy();
    expect(await gpus()).toEqual([
      [0, H100],
      [1, V100],
    ]);
  });

  it('are seen beside one that was lost before the agent started', async () => {
    await nvidiaSmi({ '-q -x -i 0000:1b:00.0': smiLog(modernCard()) }, LOST_V100);
    expect(await gpus()).toEqual([[0, H100]]);
  });

  it('go out of service together when the driver fails, with its words', async () => {
    await healthy();
    await gpus();
    await nvidiaSmi({}, 'Failed to initialize NVML: Driver/library version mismatch\n');
    expect((await gpus()).map(([, , fault]) => fault)).toEqual([
      'Failed to initialize NVML: Driver/library version mismatch',
      'Failed to initialize NVML: Driver/library version mismatch',
    ]);
  });

  it('with uncorrectable errors go out of service', async () => {
    await healthy();
    await gpus();
    const ill = modernCard({ elements: { ecc_errors: modernErrors({ dramUncorrectable: 2 }) } });
    await nvidiaSmi({ '-q -x': smiLog(ill, olderCard()) });
    expect(await gpus()).toEqual([
      [0, H100, '2 uncorrectable ECC errors since the driver was loaded'],
      [1, V100],
    ]);
  });

  it('are found in the older form where the driver tells no other', async () => {
    await rm(join(folder.path, 'gpus'), { recursive: true });
    const csv = `0, ${H100}, NVIDIA H100 80GB HBM3, 81559\nUnable to determine the device handle for GPU 1: GPU is lost.\n`;
    await nvidiaSmi(
      { '--query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits': csv },
      'no such option\n',
    );
    expect(await gpus()).toEqual([[0, H100]]);
  });

  it('leave answers of any length readable', async () => {
    const cards = Array.from({ length: 16 }, (_, index) => {
      const bus = `00000000:${(index + 16).toString(16).padStart(2, '0')}:00.0`;
      const uuid = `${H100.slice(0, -2)}${(index + 16).toString(16)}`;
      return modernCard({ busId: bus, uuid, elements: { processes: '<process_info/>'.repeat(5_000) } });
    });
    const answer = smiLog(...cards);
    expect(answer.length).toBeGreaterThan(2 ** 20);
    await nvidiaSmi({ '-q -x': answer });
    expect(await gpus()).toHaveLength(16);
  });
});
