// The journal's file: one JSON object a line, fsynced; compacted into a snapshot by writing aside and renaming.
// Room for what comes lies ahead of the last line, filled with NULs: on a full disk the ends of jobs can still be written down, and a
// write that changes no length is on the disk sooner.
import { syncFolder } from '@baton/blob-store';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JournalStore } from '../../app/ports.ts';
import { emptyJournal, evolve, type JournalEntry, type JournalState } from '../../domain/journal.ts';

const RESERVE_BYTES = 1_048_576;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

interface Place {
  readonly handle: FileHandle;
  /** Where the next line goes. */
  end: number;
  /** How far the file reaches. */
  length: number;
}

export class JournalFile implements JournalStore {
  readonly #path: string;
  #place: Place;

  private constructor(path: string, place: Place) {
    this.#path = path;
    this.#place = place;
  }

  /** Reads the state and starts a compacted file. A torn last write was never acted on, and is dropped. */
  static async open(path: string): Promise<{ readonly file: JournalFile; readonly state: JournalState }> {
    await mkdir(dirname(path), { recursive: true });
    const { whole, state } = await readState(path);
    const file = new JournalFile(path, await placeAfter(path, whole));
    await file.compact(state);
    return { file, state };
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    const place = this.#place;
    const bytes = Buffer.from(lines(entries));
    if (place.end + bytes.length >= place.length) await extend(place, bytes.length);
    await writeAll(place.handle, bytes, place.end);
    await place.handle.datasync();
    place.end += bytes.length;
  }

  /** On a full disk the present file goes on. */
  async compact(state: JournalState): Promise<void> {
    const aside = `${this.#path}.new`;
    const next = await snapshot(aside, state);
    if (next === null) return;
    await rename(aside, this.#path);
    await syncFolder(dirname(this.#path));
    await this.#place.handle.close();
    this.#place = next;
  }

  close(): Promise<void> {
    return this.#place.handle.close();
  }
}

/** null if there is no room for it. */
async function snapshot(path: string, state: JournalState): Promise<Place | null> {
  const text = Buffer.from(lines([{ type: 'snapshot', state }]));
  const handle = await open(path, 'w+', 0o600);
  try {
    await writeAll(handle, Buffer.concat([text, Buffer.alloc(RESERVE_BYTES)]), 0);
    await handle.sync();
    return { handle, end: text.length, length: text.length + RESERVE_BYTES };
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    if (FULL.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** More room, if there is any: without it the write itself says that there is none. */
async function extend(place: Place, bytes: number): Promise<void> {
  const more = Buffer.alloc(bytes + RESERVE_BYTES);
  try {
    await writeAll(place.handle, more, place.length);
    place.length += more.length;
  } catch (error) {
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** The file as it is, with nothing after its whole lines: what a torn write left there must not follow the next one. */
async function placeAfter(path: string, whole: number): Promise<Place> {
  const handle = await open(path, 'r+', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return open(path, 'w+', 0o600);
    throw error;
  });
  const { size } = await handle.stat();
  const place = { handle, end: whole, length: size };
  if (size === whole) return place;
  const rest = Buffer.alloc(size - whole);
  await handle.read(rest, 0, rest.length, whole);
  if (rest.some((byte) => byte !== 0)) {
    await writeAll(handle, Buffer.alloc(rest.length), whole);
    await handle.datasync();
  }
  return place;
}

function lines(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

async function readState(path: string): Promise<{ readonly whole: number; readonly state: JournalState }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const written = bytes.indexOf(0);
  const whole = bytes.subarray(0, written === -1 ? bytes.length : written).lastIndexOf('\n') + 1;
  const text = bytes.toString('utf8', 0, whole);
  const entries = text.split('\n').filter((line) => line !== '');
  return { whole, state: entries.map(parseEntry).reduce(evolve, emptyJournal) };
}

/** This process wrote it; a line that doesn't parse is damage, and acting on half a journal could start a job twice. */
function parseEntry(line: string, index: number): JournalEntry {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch (cause) {
    throw new Error(`The journal is damaged in line ${index + 1}; restore it or move it away with its attempts.`, {
      cause,
    });
  }
}
