// How far an attempt's output was shipped and read: small JSON files, replaced by renaming. A missing or torn one means "from the start".
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricProgress, OutputName, Progress } from '../../app/ports.ts';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from './attempt-paths.ts';

const HARMLESS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT']);

export class ProgressFiles implements Progress {
  readonly #paths: StatePaths;

  constructor(paths: StatePaths) {
    this.#paths = paths;
  }

  async loadShipped(key: AttemptKey, output: OutputName): Promise<number> {
    const saved = await this.#load(key, `shipped-${output}.json`);
    return typeof saved === 'number' ? saved : 0;
  }

  saveShipped(key: AttemptKey, output: OutputName, offset: number): Promise<void> {
    return this.#save(key, `shipped-${output}.json`, offset);
  }

  async loadMetrics(key: AttemptKey): Promise<MetricProgress | null> {
    return (await this.#load(key, 'metrics.json')) as MetricProgress | null;
  }

  saveMetrics(key: AttemptKey, progress: MetricProgress): Promise<void> {
    return this.#save(key, 'metrics.json', progress);
  }

  async #load(key: AttemptKey, name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.#paths.attempt(key).root, name), 'utf8'));
    } catch {
      return null;
    }
  }

  async #save(key: AttemptKey, name: string, value: unknown): Promise<void> {
    const path = join(this.#paths.attempt(key).root, name);
    try {
      await writeFile(`${path}.new`, JSON.stringify(value));
      await rename(`${path}.new`, path);
    } catch (error) {
      // On a full or read-only disk, or without its folder, an older state stays: the same is shipped again.
      if (!HARMLESS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}
