// Read stores by URL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openReadStore } from './open.ts';

it('opens a file for sqlite:<path>', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-store-'));
  const store = await openReadStore(`sqlite:${join(folder, 'read.sqlite')}`);
  expect(await (await store.collection('things', { indexes: [], version: 1 })).checkpoint()).toBeNull();
  await store.close();
  rmSync(folder, { recursive: true });
});

it.each(['sqlite:', 'postgres://user:secret@host/db', ''])('refuses %j without repeating it', async (url) => {
  const error: unknown = await openReadStore(url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'invalid_input' });
  expect(String(error)).not.toContain('secret');
});
