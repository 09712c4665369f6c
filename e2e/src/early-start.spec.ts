// A job that starts early, as its owner sees it: it gets ready behind a running one, waits at its line, and goes on when the device is its own.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { baton } from './command-line.ts';
import { ended, positionOf, untilReleased, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '1' }));
});
afterAll(() => platform.cleanUp());

const PYTHON = [
  'import os, baton',
  'open(os.environ["READY_FILE"], "w").close()',
  'print("ready", flush=True)',
  'baton.take()',
  'print("mine", flush=True)',
].join('\n');
/** For what is not Python: it gets ready, and what needs the device stands behind `baton-take`. */
const SHELL = 'touch "$READY_FILE"; echo ready; exec baton-take -- echo mine';

describe('a job that starts early', () => {
  it.each([
    ['python', ['python3', '-c', PYTHON]],
    ['shell', ['/bin/sh', '-c', SHELL]],
  ])('gets ready while another has the device, and takes it the moment that it is free: %s', async (name, command) => {
    const release = join(platform.files, `${name}.release`);
    const ready = join(platform.files, `${name}.ready`);
    const { id: first } = await admin.jobs.submit({ ...untilReleased(['true'], release), name: 'first' });
    await untilState(admin, first, 'running');
    const { id } = await admin.jobs.submit({ name, command, env: { READY_FILE: ready }, earlyStart: true });
    await vi.waitFor(() => expect(existsSync(ready)).toBe(true), { timeout: 60_000 });
    await vi.waitFor(async () => expect(await admin.jobs.logs(id)).toBe('ready\n'), { timeout: 60_000 });
    expect(await admin.jobs.get(id)).toMatchObject({ state: 'assigned', waiting: { code: 'staged-behind' } });
    expect((await admin.jobs.get(first)).state).toBe('running');

    writeFileSync(release, '');
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    expect(await admin.jobs.logs(id)).toBe('ready\nmine\n');
    const order = [
      await positionOf(admin, first, 'AttemptReleased'),
      await positionOf(admin, id, 'AttemptStarted'),
      await positionOf(admin, id, 'AttemptTaken'),
    ];
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it('is asked for on the command line, and can be cancelled while it waits', async () => {
    const release = join(platform.files, 'cancel.release');
    const ready = join(platform.files, 'cancel.ready');
    const { id: first } = await admin.jobs.submit({ ...untilReleased(['true'], release), name: 'first' });
    await untilState(admin, first, 'running');
    const args = ['run', '--early-start', '--name', 'waits', '--env', `READY_FILE=${ready}`, '--detach'];
    const { stdout } = await baton([...args, '--', '/bin/sh', '-c', SHELL], admin);
    const id = stdout.trim();
    await vi.waitFor(() => expect(existsSync(ready)).toBe(true), { timeout: 60_000 });
    expect((await baton(['job', 'cancel', id], admin)).code).toBe(0);
    expect((await ended(admin, id)).state).toBe('cancelled');
    expect((await admin.jobs.get(first)).state).toBe('running');
    writeFileSync(release, '');
    expect((await ended(admin, first)).state).toBe('succeeded');
    expect(await admin.jobs.logs(id)).not.toContain('mine');
  });
});
