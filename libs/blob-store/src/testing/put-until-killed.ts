// A process that stores blobs until it is killed; it prints each digest once its put has resolved.
import { randomBytes, randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openFileBlobStore } from '../file/store.ts';

const STDOUT = 1;
const blobs = await openFileBlobStore({ folder: String(process.argv[2]) });

async function* content(): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < 8; chunk += 1) yield randomBytes(randomInt(1, 100_000));
}

for (;;) {
  const stored = await Promise.all([blobs.put(content()), blobs.put(randomBytes(1000)), blobs.put(content())]);
  writeSync(STDOUT, stored.map(({ digest }) => `${digest}\n`).join(''));
}
