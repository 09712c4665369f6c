// A card falls out while a job runs on it: the job is queued again without blame, and goes on when the card is well.
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ended, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const CARD = 'GPU-1d37a2c4-0b9f-4c9e-9a5e-5f2d3c7b8a10';
const PATIENCE = { timeout: 60_000, interval: 50 };

let tools: TemporaryFolder;
let platform: TestPlatform;
let admin: BatonClient;
beforeAll(async () => {
  tools = await temporaryFolder('baton-e2e-tools-');
  nvidiaSmi({});
  const env = { BATON_JOB_PATH: `${tools.path}:${process.env['PATH'] ?? ''}`, BATON_DESCRIBE_MS: '100' };
  ({ platform, admin } = await startedPlatform(env));
});
afterAll(async () => {
  await platform.cleanUp();
  await tools.cleanup();
});

/** What `nvidia-smi -q -x` says from now on, with no more of it than is read. */
function nvidiaSmi({ uncorrectableErrors = 0 }): void {
  const elements = [
    `<product_name>NVIDIA H100</product_name><uuid>${CARD}</uuid>`,
    '<fb_memory_usage><total>81559 MiB</total><used>0 MiB</used></fb_memory_usage>',
    `<ecc_errors><volatile><dram_uncorrectable>${uncorrectableErrors}</dram_uncorrectable></volatile></ecc_errors>`,
  ];
  const log = `<nvidia_smi_log><gpu id="00000000:1B:00.0">${elements.join('')}</gpu></nvidia_smi_log>`;
  const made = join(tools.path, 'made');
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, 'nvidia-smi'), `#!/bin/sh\n[ "$*" = "-q -x" ] || exit 15\ncat <<'LOG'\n${log}\nLOG\n`);
  chmodSync(join(made, 'nvidia-smi'), 0o755);
  renameSync(join(made, 'nvidia-smi'), join(tools.path, 'nvidia-smi'));
}

it('ends the attempt as device-lost, keeps jobs off the card, and starts the job again when it is well', async () => {
  const file = join(platform.files, 'second-time');
  const script = `echo "card $CUDA_VISIBLE_DEVICES"; [ -e ${file} ] || sleep 300`;
  const { id } = await admin.jobs.submit({ ...shell(script), resources: { gpus: 1 } });
  await untilState(admin, id, 'running');
  nvidiaSmi({ uncorrectableErrors: 2 });
  writeFileSync(file, '');
  const queued = await untilState(admin, id, 'queued');
  const fault = '2 uncorrectable ECC errors since the driver was loaded';
  expect(queued).toMatchObject({ counters: { userFailures: 0, infrastructureLosses: 1 } });
  expect(queued.attempts).toMatchObject([
    { result: { reason: 'device-lost', message: expect.stringContaining(`${CARD}: ${fault}`) as string } },
  ]);
  const [node] = (await admin.nodes.list()).items;
  expect(node?.devices.find((device) => device.id === CARD)).toMatchObject({ fault });
  // Long enough for the pause after a loss to be over.
  await vi.waitFor(
    async () => expect((await admin.jobs.get(id)).waiting).toMatchObject({ code: expect.any(String) as string }),
    PATIENCE,
  );
  expect((await admin.jobs.get(id)).state).toBe('queued');
  nvidiaSmi({});
  const job = await ended(admin, id);
  expect(job).toMatchObject({ state: 'succeeded', counters: { userFailures: 0, infrastructureLosses: 1 } });
  expect(await admin.jobs.logs(id)).toBe(`card ${CARD}\n`);
});
