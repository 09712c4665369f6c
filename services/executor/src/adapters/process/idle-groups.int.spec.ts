// What is made ready behind a running job gives way to everything else, and no longer than that.
import { temporaryFolder } from '@baton/testkit';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aLaunch, textOf } from '../../testing/runtime-stage.ts';
import { StatePaths } from '../files/attempt-paths.ts';
import { copyTools } from '../files/tools.ts';
import { Cgroups } from './cgroups.ts';
import { ProcessRuntime } from './process-runtime.ts';

const LIMITS = { cpus: 0, memoryBytes: 0 };
const USUAL = { begun: () => undefined, ready: () => undefined };
const ALONE = {
  priorities: USUAL,
  path: process.env['PATH'] ?? '',
  setpriv: null,
  jobUser: null,
  launcher: null,
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cgroups: Cgroups | null;

beforeAll(async () => {
  folder = await temporaryFolder('baton-idle-groups-');
  cgroups = Cgroups.open(`idle-${process.pid}`);
});
afterAll(async () => {
  cgroups?.close();
  await folder.cleanup();
});

/** Those files of the attempt's groups that say so; none where the kernel knows no such groups. */
function idleFiles(key: { readonly jobId: string; readonly attempt: number }): string[] {
  const groups = cgroups?.create(key, LIMITS) ?? [];
  return groups.map((group) => join(group, 'cpu.idle')).filter((path) => existsSync(path));
}

/** Arms an attempt behind a running job, looking at it all the time. Gives its files as they are afterwards. */
async function armed(onLook: (files: readonly string[], pid: number) => void): Promise<string[]> {
  const paths = new StatePaths(folder.path);
  const tools = await copyTools(paths.tools);
  const runtime = new ProcessRuntime({ ...ALONE, paths, tools, cgroups });
  const bench = {
    paths,
    tools,
    environment: {},
    canLimitMemory: false,
    open: async () => runtime,
    stop: async () => undefined,
  };
  const launch = await aLaunch(bench, 'exit 0', { isBehind: true });
  const files = idleFiles(launch.key);
  const { pid, ready } = paths.attempt(launch.key);
  const look = setInterval(() => onLook(files.map(textOf), Number(textOf(pid))), 1);
  const identity = await runtime.arm(launch);
  clearInterval(look);
  expect(existsSync(ready)).toBe(true);
  const after = files.map(textOf);
  await runtime.discard(launch.key, identity);
  runtime.forget(launch.key);
  return after;
}

describe('what is made ready behind a running job', () => {
  it('is idle until it waits, and like any other from then on', async () => {
    const seen = new Set<string>();
    const after = await armed((texts) => texts.forEach((text) => seen.add(text)));
    expect(seen.has('1\n')).toBe(after.length > 0);
    expect(after.every((text) => text === '0\n')).toBe(true);
  });

  it('is idle for a moment only: beside jobs that leave no processor idle it would never be ready', async () => {
    let wasHeld = false;
    const after = await armed((texts, pid) => {
      if (pid === 0) return;
      // Stopped for as long as it is idle: so it is with one that gets no processor.
      const isIdle = texts.includes('1\n');
      process.kill(pid, isIdle ? 'SIGSTOP' : 'SIGCONT');
      wasHeld ||= isIdle;
    });
    expect(wasHeld).toBe(after.length > 0);
  });
});
