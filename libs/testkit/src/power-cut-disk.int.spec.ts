// A disk of which the power is cut: what was fsynced is there, and what was not is gone or there in part.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { powerCutDisk, type PowerCutDisk, type PowerCutDiskOptions } from './power-cut-disk.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

let folder: TemporaryFolder;
let disk: PowerCutDisk;
const at = (...names: string[]) => join(disk.path, ...names);

beforeEach(async () => {
  folder = await temporaryFolder('baton-power-cut-');
});
afterEach(() => folder.cleanup());

/** It goes with the folder. */
async function mounted(context: TestContext, names: PowerCutDiskOptions['names'] = 'posix'): Promise<void> {
  const made = await powerCutDisk(join(folder.path, 'disk'), { names });
  if (made.disk === null) return context.skip(made.why);
  disk = made.disk;
}

function synced(path: string, content?: string): void {
  if (content !== undefined) writeFileSync(path, content);
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

describe('a disk of which the power is cut', { timeout: 300_000 }, () => {
  it('keeps contents that were fsynced, under names whose folder was', async (context) => {
    await mounted(context);
    synced(at('kept'), 'kept');
    synced(at('changed'), 'before');
    synced(at('cut'), 'a long content');
    writeFileSync(at('empty'), 'never fsynced');
    mkdirSync(at('folder'));
    synced(at('folder', 'lost'), 'its folder was not');
    synced(disk.path);
    writeFileSync(at('changed'), 'after, and longer');
    truncateSync(at('cut'), 3);
    synced(at('unnamed'), 'contents, and no name');
    expect(readFileSync(at('changed'), 'utf8')).toBe('after, and longer');
    await disk.cut();
    expect(readdirSync(disk.path).toSorted()).toEqual(['changed', 'cut', 'empty', 'folder', 'kept']);
    expect(readdirSync(at('folder'))).toEqual([]);
    const left = ['kept', 'changed', 'cut', 'empty'].map((name) => readFileSync(at(name), 'utf8'));
    expect(left).toEqual(['kept', 'before', 'a long content', '']);
  });

  it('renames, links and removes as a whole, when one of the folders is fsynced', async (context) => {
    await mounted(context);
    for (const name of ['from', 'to']) mkdirSync(at(name));
    for (const name of ['moved', 'removed', 'linked']) synced(at('from', name), name);
    for (const path of [at('from'), disk.path]) synced(path);
    renameSync(at('from', 'moved'), at('to', 'moved'));
    linkSync(at('from', 'linked'), at('to', 'linked'));
    rmSync(at('from', 'removed'));
    await disk.cut();
    expect(readdirSync(at('from')).toSorted()).toEqual(['linked', 'moved', 'removed']);
    expect(readFileSync(at('from', 'removed'), 'utf8')).toBe('removed');
    renameSync(at('from', 'moved'), at('to', 'moved'));
    linkSync(at('from', 'linked'), at('to', 'linked'));
    synced(at('to'));
    await disk.cut();
    expect([readdirSync(at('from')).toSorted(), readdirSync(at('to')).toSorted()]).toEqual([
      ['linked', 'removed'],
      ['linked', 'moved'],
    ]);
  });

  it('brings each name to the disk with the next fsync of anything, where it keeps a journal', async (context) => {
    await mounted(context, 'journaled');
    mkdirSync(at('folder'));
    writeFileSync(at('folder', 'empty'), 'never fsynced');
    synced(at('other'), 'fsynced');
    writeFileSync(at('late'), 'after it');
    await disk.cut();
    expect(readdirSync(disk.path).toSorted()).toEqual(['folder', 'other']);
    expect(readFileSync(at('folder', 'empty'), 'utf8')).toBe('');
  });

  it('takes a write by O_DSYNC as fsynced', async (context) => {
    await mounted(context);
    execFileSync('dd', ['if=/dev/zero', `of=${at('zeros')}`, 'bs=8192', 'count=2', 'oflag=dsync', 'status=none']);
    synced(disk.path);
    await disk.cut();
    expect(readFileSync(at('zeros'))).toHaveLength(16_384);
  });

  it('has a part of what was not fsynced, never anything else, and never less than what was', async (context) => {
    await mounted(context);
    const [old, fresh] = ['o', 'n'].map((letter) => letter.repeat(40_960)) as [string, string];
    synced(at('file'), old);
    synced(disk.path);
    const lengths = new Set<number>();
    const mixed = new Set<boolean>();
    for (let seed = 1; seed <= 8; seed += 1) {
      const file = openSync(at('file'), 'r+');
      writeSync(file, fresh + fresh, 0);
      closeSync(file);
      await disk.cut(seed);
      const left = readFileSync(at('file'), 'utf8');
      expect(left.slice(0, old.length)).toMatch(/^[on]*$/);
      expect(left.slice(old.length)).toMatch(/^n*$/);
      expect(left.length).toBeGreaterThanOrEqual(old.length);
      lengths.add(left.length);
      mixed.add(left.includes('o') && left.includes('n'));
      synced(at('file'), old);
    }
    expect(lengths.size).toBeGreaterThan(1);
    expect(mixed).toContain(true);
  });

  it('refuses every change while it is read-only, also by who has a file open, and takes them afterwards', async (context) => {
    await mounted(context);
    writeFileSync(at('file'), 'before');
    const file = openSync(at('file'), 'r+');
    await disk.makeReadOnly();
    const changes = [
      () => writeSync(file, 'after!'),
      () => writeFileSync(at('file'), 'after!'),
      () => writeFileSync(at('other'), ''),
      () => truncateSync(at('file'), 1),
      () => renameSync(at('file'), at('moved')),
      () => linkSync(at('file'), at('linked')),
      () => rmSync(at('file')),
      () => mkdirSync(at('folder')),
    ];
    for (const change of changes) expect(change).toThrow(/read-only file system/i);
    expect(readFileSync(at('file'), 'utf8')).toBe('before');
    expect(readdirSync(disk.path)).toEqual(['file']);
    await disk.makeWritable();
    writeSync(file, 'after!', 0);
    closeSync(file);
    expect(readFileSync(at('file'), 'utf8')).toBe('after!');
  });

  it('kills who writes there, fails what they call, and shows the next another boot', async (context) => {
    await mounted(context);
    const count =
      'cat /proc/sys/kernel/random/boot_id >> boots; sync boots .; while :; do echo tick >> ticks; sleep 0.01; done';
    const start = () => {
      const [command, ...words] = [...disk.booted, 'sh', '-c', count];
      const child = spawn(command, words, { cwd: disk.path, stdio: 'ignore' });
      return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    };
    for (let boot = 0; boot < 2; boot += 1) {
      const ended = start();
      while (!existsSync(at('ticks'))) await sleep(20);
      expect(await disk.cut()).toBeGreaterThan(0);
      expect(await ended).toBe('SIGKILL');
      expect(existsSync(at('ticks'))).toBe(false);
    }
    expect(new Set(readFileSync(at('boots'), 'utf8').trim().split('\n')).size).toBe(2);
  });
});
