// The end of an attempt, as it shows on the disk.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EndWatch } from './end-watch.ts';
import { keepEnd } from './keep-end.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('baton-end-');
});
afterAll(() => folder.cleanup());

function paths(name: string): { readonly run: string; readonly exit: string } {
  const run = join(folder.path, name);
  mkdirSync(run);
  return { run, exit: join(run, 'exit') };
}

describe('the watch for the end', () => {
  it('looks when the file is written, and not when another one in its folder is', async () => {
    const { run, exit } = paths('watched');
    const own = new EndWatch(exit, undefined);
    onTestFinished(() => own.close());
    let looks = 0;
    let isOver = false;
    const end = own.until(() => {
      looks += 1;
      return isOver ? 'over' : null;
    });
    const other = watch(run);
    onTestFinished(() => other.close());
    const told = once(other, 'change');
    writeFileSync(join(run, 'granted'), '["gpu-0"]');
    await told;
    expect(looks).toBe(1);
    isOver = true;
    writeFileSync(exit, '0 0 done\n');
    await expect(end).resolves.toBe('over');
  });
});

describe('keeping the end', () => {
  it.each([
    ['is there', (exit: string) => writeFileSync(exit, '0 0 done\n')],
    ['is gone', () => undefined],
    ['is something that would have its reader wait', (exit: string) => execFileSync('mkfifo', [exit])],
  ])('is done with a file that %s', async (name, make) => {
    const own = paths(name.replaceAll(' ', '-'));
    make(own.exit);
    await expect(keepEnd(own)).resolves.toBeUndefined();
  });
});
