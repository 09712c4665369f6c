// The file of heads: what a crash cuts is left out, and what is thinned out proves nothing that is not proven without it.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished } from 'vitest';
import type { LogStream } from '../log-streams.ts';
import { appendHeads, readHeads, readLastHeads, thinned } from './heads-file.ts';
import type { SealedHead } from './sealed-head.ts';

const HOUR_MS = 3_600_000;

function head(stream: LogStream, position: number, at = position): SealedHead {
  return { v: 1, stream, position, at, rollingHash: 'r', lastHash: 'l', keyId: 'k', signature: 's'.repeat(88) };
}

async function newFile(): Promise<string> {
  const folder = await temporaryFolder('baton-heads-');
  onTestFinished(() => folder.cleanup());
  return join(folder.path, 'heads.ndjson');
}

it('gives what was appended, before and behind a line that a crash has cut', async () => {
  const file = await newFile();
  expect(await readHeads(file)).toEqual({ heads: [], badLines: [] });
  await appendHeads(file, [head('JOBS', 1), head('EVENTS', 2)], 0);
  await appendFile(file, '{"v":1,"stream":"JO');
  expect(await readHeads(file)).toEqual({ heads: [head('JOBS', 1), head('EVENTS', 2)], badLines: [] });
  await appendHeads(file, [head('JOBS', 3)], 0);
  expect((await readHeads(file)).heads).toEqual([head('JOBS', 1), head('EVENTS', 2), head('JOBS', 3)]);
  expect(await readLastHeads(file)).toEqual([head('JOBS', 3), head('EVENTS', 2)]);
});

it('finds the last head of a stream that has been still for long', async () => {
  const file = await newFile();
  await appendHeads(file, [head('EVENTS', 1), ...Array.from({ length: 500 }, (_, at) => head('JOBS', at + 1))], 0);
  expect((await readFile(file)).length).toBeGreaterThan(64 * 1024);
  expect(await readLastHeads(file)).toEqual([head('JOBS', 500), head('EVENTS', 1)]);
});

it('keeps the last day whole, and of each day before the last head of each stream', () => {
  const heads = Array.from({ length: 100 }, (_, hour) =>
    head(hour % 2 === 0 ? 'JOBS' : 'EVENTS', hour, hour * HOUR_MS),
  );
  const kept = thinned(heads, 100 * HOUR_MS).map(({ position }) => position);
  expect(kept).toEqual([22, 23, 46, 47, 70, 71, ...Array.from({ length: 23 }, (_, index) => index + 77)]);
});
