// The reference in docs/ is the program's own words.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { baton } from './program.ts';
import { referenceText } from './reference-text.ts';

it('is what docs/cli.md holds (else: node libs/cli/dist/reference.js > docs/cli.md)', async () => {
  const stored = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  expect(stored).toBe(referenceText(baton()));
});
