// Processes that are started through the launcher's shell.
import { temporaryFolder } from '@baton/testkit';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../testing/eventually.ts';
import { Launcher } from './launcher.ts';
import { processStat } from './proc.ts';

const SAY = 'grep SigIgn /proc/self/status >said; printenv TEXT >>said; pwd >>said; echo "$1" >>said; mv said done';
const TEXT = `it's "one" $HOME \`two\`\nand 'three' \\`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let launcher: Launcher;
const shells: number[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('baton-launcher-');
  launcher = new Launcher(process.env['PATH'] ?? '', (pid) => shells.push(pid));
});
afterAll(async () => {
  for (const shell of shells) if (processStat(shell) !== null) process.kill(shell, 'SIGKILL');
  await folder.cleanup();
});

function inFolder(script: string, env: Readonly<Record<string, string>> = {}) {
  return {
    argv: ['/bin/sh', '-c', script, 'sh', TEXT],
    cwd: folder.path,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  };
}

describe('the launcher', () => {
  it('hands on arguments, environment and folder as they are, and ignores no signal', async () => {
    await launcher.launch(inFolder(SAY, { TEXT }));
    const done = join(folder.path, 'done');
    await eventually(() => existsSync(done), 'it has run');
    const ignored = 'SigIgn:\t0000000000000000';
    expect(readFileSync(done, 'utf8')).toBe([ignored, TEXT, folder.path, TEXT, ''].join('\n'));
  });

  it('gives the numbers of processes in sessions of their own', async () => {
    const pids = await Promise.all([1, 2, 3].map(() => launcher.launch(inFolder('exec sleep 60'))));
    try {
      for (const pid of pids) await eventually(() => processStat(pid ?? 0)?.session === pid, 'it leads a session');
      expect(new Set(pids).size).toBe(3);
    } finally {
      for (const pid of pids) process.kill(pid ?? 0, 'SIGKILL');
    }
  });

  it('keeps no process that has ended', async () => {
    const pid = (await launcher.launch(inFolder('exit 0'))) ?? 0;
    await eventually(() => processStat(pid) === null, 'it has ended');
    expect(await launcher.launch(inFolder('exit 0'))).not.toBe(pid);
    await eventually(() => !existsSync(`/proc/${pid}`), 'it is forgotten');
  });

  it('says so when its shell was killed, and goes on with another', async () => {
    const shell = shells.at(-1) ?? 0;
    process.kill(shell, 'SIGSTOP');
    const lost = launcher.launch(inFolder('exit 0'));
    process.kill(shell, 'SIGKILL');
    expect(await lost).toBe(null);
    expect(await launcher.launch(inFolder('exit 0'))).toBeGreaterThan(0);
    expect(shells.at(-1)).not.toBe(shell);
  });

  it('leaves out what a line of shell can not say, and everything where its tools are missing', async () => {
    expect(await launcher.takes(inFolder('exit 0'))).toBe(true);
    expect(await launcher.takes(inFolder('exit 0', { 'NO-NAME': '1' }))).toBe(false);
    expect(await launcher.takes(inFolder('exit 0', { TEXT: 'x'.repeat(65_536) }))).toBe(false);
    expect(await new Launcher(folder.path, () => undefined).takes(inFolder('exit 0'))).toBe(false);
  });
});
