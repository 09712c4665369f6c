// The journal's file: one JSON object a line, fsynced; compacted into a snapshot by writing aside and renaming.
import { type FileHandle, mkdir, open, readFile, rename, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JournalStore } from '../../app/ports.ts';
import { emptyJournal, evolve, type JournalEntry, type JournalState } from '../../domain/journal.ts';

export class JournalFile implements JournalStore {
  readonly #path: string;
  #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Reads the state and starts a compacted file. A torn last line was never acted on, and is dropped. */
  static async open(path: string): Promise<{ readonly file: JournalFile; readonly state: JournalState }> {
    await mkdir(dirname(path), { recursive: true });
    const state = await readState(path);
    const file = new JournalFile(path, await open(path, 'a', 0o600));
    await file.compact(state);
    return { file, state };
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    await this.#handle.appendFile(lines(entries));
    await this.#handle.datasync();
  }

  async compact(state: JournalState): Promise<void> {
    const aside = `${this.#path}.new`;
    await truncate(aside).catch(() => undefined);
    const next = await open(aside, 'a', 0o600);
    await next.appendFile(lines([{ type: 'snapshot', state }]));
    await next.sync();
    await rename(aside, this.#path);
    await syncFolder(dirname(this.#path));
    await this.#handle.close();
    this.#handle = next;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function lines(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

async function readState(path: string): Promise<JournalState> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const entries = whole.split('\n').filter((line) => line !== '');
  return entries.map(parseEntry).reduce(evolve, emptyJournal);
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
