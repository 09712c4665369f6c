// The end of an attempt, as it shows on the disk.
import { once } from 'node:events';
import { mkdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EndWatch } from './end-watch.ts';

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
