// The agent's own copy of what it puts beside and into jobs.
import { temporaryFolder } from '@baton/testkit';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { copyTools } from './tools.ts';

async function folderBelow(): Promise<string> {
  const folder = await temporaryFolder('baton-tools-');
  onTestFinished(() => folder.cleanup());
  return join(folder.path, 'tools');
}

it('is whole, and open to everybody however narrow the mask is', async () => {
  const mask = process.umask(0o077);
  onTestFinished(() => void process.umask(mask));
  const tools = await copyTools(await folderBelow());
  const { folder, supervisor, waiter, container, bin, python } = tools;
  for (const path of [folder, bin, python, supervisor, waiter, container, join(bin, 'baton-take')])
    expect(statSync(path).mode & 0o777).toBe(0o755);
  expect(readFileSync(supervisor, 'utf8')).toContain('lease-guard.sh');
  expect(readdirSync(folder).toSorted()).toEqual(
    ['bin', 'container.sh', 'lease-guard.sh', 'python', 'supervisor.sh', 'waiter.sh'].toSorted(),
  );
  expect(readdirSync(python)).toEqual(['baton.py']);
});

it('is made once, and not taken for made where a copy broke off', async () => {
  const below = await folderBelow();
  const { folder } = await copyTools(below);
  const other = await folderBelow();
  const torn = join(other, `${folder.slice(below.length + 1)}.new`);
  mkdirSync(torn, { recursive: true });
  writeFileSync(join(torn, 'supervisor.sh'), '#!/bin/sh\n');
  const again = await copyTools(other);
  expect(readFileSync(again.supervisor, 'utf8')).toContain('lease-guard.sh');
  expect(existsSync(torn)).toBe(false);
  const made = statSync(again.supervisor).ino;
  expect(await copyTools(other)).toEqual(again);
  expect(statSync(again.supervisor).ino).toBe(made);
});
