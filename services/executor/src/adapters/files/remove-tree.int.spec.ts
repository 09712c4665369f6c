// Folders that are hard to remove.
import { temporaryFolder } from '@baton/testkit';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTree } from './remove-tree.ts';

it('removes what is deeper than a path can name, and what is read-only', async () => {
  const temporary = await temporaryFolder('baton-remove-');
  const root = join(temporary.path, 'attempt');
  mkdirSync(join(root, 'closed'), { recursive: true });
  writeFileSync(join(root, 'closed', 'file'), 'x');
  execFileSync('chmod', ['-R', 'a-w', join(root, 'closed')]);
  const script = `
    const { mkdirSync } = require('node:fs');
    const name = 'd'.repeat(250);
    for (let depth = 0; depth < 40; depth += 1) {
      mkdirSync(name);
      process.chdir(name);
    }`;
  execFileSync(process.execPath, ['--eval', script], { cwd: root });
  await removeTree(root);
  expect(existsSync(root)).toBe(false);
  await removeTree(root);
  await temporary.cleanup();
});
