// The journal's file under what happens to files: power cuts in the middle of a write, and a full disk.
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyJournal, evolve, type JournalEntry } from '../../domain/journal.ts';
import { aSpec, entriesTo } from '../../testing/domain-builders.ts';
import { JournalFile } from './journal-file.ts';

const SECTOR = 512;
let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder('baton-journal-');
  path = join(folder.path, 'journal.ndjson');
});
afterEach(() => folder.cleanup());

const batch = (number: number): JournalEntry[] => entriesTo(aSpec(number), 'running', number * 10);
const after = (entries: readonly JournalEntry[]) => entries.reduce(evolve, emptyJournal);

describe('the journal', () => {
  it('is after any number of restarts what was written to it', async () => {
    const written: JournalEntry[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { file, state } = await JournalFile.open(path);
      expect(state).toEqual(after(written));
      for (let n = 0; n < 5; n += 1) {
        const entries = batch(round * 5 + n);
        await file.append(entries);
        written.push(...entries);
      }
      await file.close();
    }
    const { file, state } = await JournalFile.open(path);
    expect(state).toEqual(after(written));
    await file.close();
  });

  it('holds more than the room that was kept for it', async () => {
    const { file } = await JournalFile.open(path);
    const long = { ...aSpec(1), env: { LONG: 'x'.repeat(300_000) } };
    const entries = [1, 2, 3, 4, 5].flatMap((attempt) => entriesTo({ ...long, attempt }, 'starting', attempt));
    for (const entry of entries) await file.append([entry]);
    await file.close();
    const { file: next, state } = await JournalFile.open(path);
    expect(state).toEqual(after(entries));
    await next.close();
  });

  it('reads a file that has no room ahead, as it was written before', async () => {
    writeFileSync(
      path,
      `${batch(1)
        .map((entry) => JSON.stringify(entry))
        .join('\n')}\n{"type":"torn`,
    );
    const { file, state } = await JournalFile.open(path);
    expect(state).toEqual(after(batch(1)));
    await file.close();
  });

  it('loses, at a power cut, nothing that was on the disk, and of the last write only its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 6 }), async (lostSectors) => {
        rmSync(path, { force: true });
        const { file } = await JournalFile.open(path);
        await file.append(batch(1));
        const before = readFileSync(path);
        await file.append(batch(2));
        await file.close();
        const torn = readFileSync(path);
        const from = before.indexOf(0) - (before.indexOf(0) % SECTOR);
        for (const lost of lostSectors)
          before.copy(torn, from + lost * SECTOR, from + lost * SECTOR, from + (lost + 1) * SECTOR);
        writeFileSync(path, torn);

        const { file: next, state } = await JournalFile.open(path);
        const possible = [0, 1, 2, 3].map((whole) => after([...batch(1), ...batch(2).slice(0, whole)]));
        expect(possible).toContainEqual(state);
        await next.append(batch(3));
        await next.close();
        const { file: last, state: later } = await JournalFile.open(path);
        expect(later).toEqual(batch(3).reduce(evolve, state));
        await last.close();
      }),
      { numRuns: 10 },
    );
  });
});

describe.skipIf(process.getuid?.() !== 0)('the journal on a full disk', () => {
  let disk: string;
  beforeEach(() => {
    disk = join(folder.path, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', disk]);
    path = join(disk, 'journal.ndjson');
  });
  afterEach(() => execFileSync('umount', ['-l', disk]));

  it('is written to, closed and opened again as if there were room', async () => {
    const { file } = await JournalFile.open(path);
    fill();
    await file.append(batch(1));
    await file.compact(after(batch(1)));
    await file.append(batch(2));
    await file.close();
    const { file: next, state } = await JournalFile.open(path);
    expect(state).toEqual(after([...batch(1), ...batch(2)]));
    await next.append(batch(3));
    await next.close();
    rmSync(join(disk, 'fill'));
    const { file: last, state: later } = await JournalFile.open(path);
    expect(later).toEqual(after([...batch(1), ...batch(2), ...batch(3)]));
    await last.close();
  });

  function fill(): void {
    expect(() =>
      execFileSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=4k'], { stdio: 'ignore' }),
    ).toThrow('dd');
  }
});
