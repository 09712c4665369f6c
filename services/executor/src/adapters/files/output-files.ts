// Reads an attempt's stdout and stderr files. The job may delete or truncate them: that is an empty read, not an error.
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputFiles, OutputName } from '../../app/ports.ts';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from './attempt-paths.ts';

export class AttemptOutputFiles implements OutputFiles {
  readonly #paths: StatePaths;

  constructor(paths: StatePaths) {
    this.#paths = paths;
  }

  async size(key: AttemptKey, output: OutputName): Promise<number> {
    // Asked ten times a second of every job: it is over before another thread is awake.
    try {
      return statSync(this.#path(key, output), { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      return 0;
    }
  }

  async read(key: AttemptKey, output: OutputName, offset: number, maxBytes: number): Promise<Buffer> {
    // Most polls find nothing new: no buffer, no open file for them.
    const available = (await this.size(key, output)) - offset;
    if (available <= 0) return Buffer.alloc(0);
    return this.readInto(key, output, offset, Buffer.allocUnsafe(Math.min(maxBytes, available)));
  }

  async readInto(key: AttemptKey, output: OutputName, offset: number, buffer: Buffer): Promise<Buffer> {
    const handle = await open(this.#path(key, output), 'r').catch(() => null);
    if (!handle) return buffer.subarray(0, 0);
    try {
      const { bytesRead } = await handle.read(buffer, { position: offset });
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  #path(key: AttemptKey, output: OutputName): string {
    return join(this.#paths.attempt(key).root, output);
  }
}
