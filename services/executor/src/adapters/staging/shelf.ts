// A folder of cached things, each complete or not there: what is in it is read from the disk whenever it is asked for.
import { readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Written last, by renaming: something that was cut off never counts. Its time of change is that of the last use. */
const MARKER = 'complete';

export interface Contents {
  /** What it takes on the disk by itself. */
  readonly bytes: number;
  /** The size of its files, wherever they lie. */
  readonly sizeBytes: number;
  /** Which boot of the server it was made in: without a sync, what came before a power cut may be torn. */
  readonly bootId: string;
  /** Whatever else is to be known about it. */
  readonly detail?: string;
}

export interface Shelved extends Contents {
  readonly name: string;
  readonly usedAt: number;
}

export class Shelf {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async find(name: string): Promise<Contents | null> {
    const text = await readFile(join(this.path(name), MARKER), 'utf8').catch(() => '');
    return parseContents(text);
  }

  async touch(name: string, at: number): Promise<void> {
    await utimes(join(this.path(name), MARKER), at / 1_000, at / 1_000).catch(() => undefined);
  }

  /** From now on it is complete. */
  async mark(folder: string, contents: Contents): Promise<void> {
    const marker = join(folder, MARKER);
    await writeFile(`${marker}.new`, JSON.stringify(contents));
    await rename(`${marker}.new`, marker);
  }

  async list(): Promise<Shelved[]> {
    const names = await readdir(this.folder).catch(() => []);
    const found = await Promise.all(names.map((name) => this.#shelved(name)));
    return found.filter((one) => one !== null);
  }

  async #shelved(name: string): Promise<Shelved | null> {
    const contents = await this.find(name);
    const marker = await stat(join(this.path(name), MARKER)).catch(() => null);
    return contents === null || marker === null ? null : { ...contents, name, usedAt: marker.mtimeMs };
  }
}

/** Null for what is torn or not there. */
function parseContents(text: string): Contents | null {
  try {
    const value = JSON.parse(text) as Partial<Contents>;
    return typeof value.bytes === 'number' && typeof value.bootId === 'string' ? (value as Contents) : null;
  } catch {
    return null;
  }
}
