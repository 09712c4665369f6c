// An export gives back the very bytes, and says when it is not whole.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredMessage } from '@baton/event-store';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_MARKS, type LogContent } from '../log-content.ts';
import { contentOf, NAME_REDUCERS, nameLog } from '../testing/name-log.ts';
import { openArchive } from './read-archive.ts';
import { marksOf, writeArchive } from './write-archive.ts';

const log = nameLog(1_200);
const options = { reducers: NAME_REDUCERS, now: () => 1_700_000_000_000 };
let folder: TemporaryFolder;
beforeAll(async () => void (folder = await temporaryFolder('baton-archive-')));
afterAll(() => folder.cleanup());

async function messagesOf(content: LogContent): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for await (const { messages } of content.read()) found.push(...messages);
  return found.map(({ position, subject, bytes }) => ({ position, subject, bytes: Buffer.from(bytes) }));
}

describe.each(['log.zst', 'log.gz'])('an export %s', (name) => {
  it('holds every byte', async () => {
    const path = join(folder.path, name);
    const report = await writeArchive(path, contentOf(log), options);
    const archive = await openArchive([path]);
    expect(await messagesOf(archive)).toEqual(log);
    expect(archive.marks).toEqual(marksOf(report.streams));
  });

  it('is refused when it was cut anywhere', async () => {
    const whole = await readFile(join(folder.path, name));
    for (const share of [0.2, 0.6, 0.99]) {
      const cut = join(folder.path, `cut-${name}`);
      await writeFile(cut, whole.subarray(0, Math.floor(whole.length * share)));
      await expect(openArchive([cut])).rejects.toMatchObject({ code: 'invalid_input' });
    }
  });
});

it('goes on in a second file where the first one ends, and in no other', async () => {
  const paths = ['first.zst', 'second.zst', 'gap.zst'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const first = await writeArchive(paths[0], contentOf(log.slice(0, 700)), options);
  const later = (from: number): LogContent => ({
    ...contentOf(log.slice(from), log.length),
    after:
      from === 700
        ? marksOf(first.streams)
        : { ...EMPTY_MARKS, EVENTS: { position: from, rollingHash: 'x', lastHash: 'x' } },
  });
  await writeArchive(paths[1], later(700), options);
  await writeArchive(paths[2], later(800), options);
  expect(await messagesOf(await openArchive([paths[0], paths[1]]))).toEqual(log);
  await expect(openArchive([paths[0], paths[2]])).rejects.toThrow('does not begin where');
});

it('is not written of a log that is not sound', async () => {
  const path = join(folder.path, 'bad.zst');
  const broken = contentOf(log.filter(({ position }) => position !== 3));
  await expect(writeArchive(path, broken, options)).rejects.toThrow(/EVENTS at position 3.*missing/);
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
