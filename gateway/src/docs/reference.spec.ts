// The generated reference is the one in docs/.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { operations } from '../operations/operations.ts';
import { renderReference } from './reference.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/rest-operations.md');

test('docs/rest-operations.md lists what the gateway offers', async () => {
  await expect(renderReference(operations)).toMatchFileSnapshot(DOCUMENT);
});
