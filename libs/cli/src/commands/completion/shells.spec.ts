// What the shells complete.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { baton } from '../../program.ts';
import { completionScript } from './shells.ts';
import { wordTree } from './words.ts';

const tree = wordTree(baton());

/** What bash offers for the last of `words`. */
function completed(...words: string[]): string[] {
  const script = `${completionScript('bash', tree)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _baton; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script, 'bash', 'baton', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

it('completes commands', () => {
  expect(completed('da')).toEqual(['dataset']);
  expect(completed('job', 'ca')).toEqual(['cancel']);
});
it('completes options behind arguments', () => {
  expect(completed('job', 'logs', 'x', '--fo')).toEqual(['--follow']);
});
it('leaves the job’s own command alone', () => {
  expect(completed('run', '--', '--')).toEqual([]);
});
it.each(tree.filter(({ path }) => path !== ''))('knows $path in fish', ({ path }) => {
  expect(completionScript('fish', tree)).toContain(`-a ${path.split(' ').at(-1)} `);
});
