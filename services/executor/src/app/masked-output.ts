// One output of an attempt as others may see it: secrets masked, whatever pieces it is read in.
import type { AttemptKey } from '../domain/journal.ts';
import type { Redactor } from '../domain/redaction.ts';
import type { OutputFiles, OutputName } from './ports.ts';

export interface MaskedOutputParts {
  readonly key: AttemptKey;
  readonly output: OutputName;
  readonly files: OutputFiles;
  readonly redactor: Redactor;
}

export class MaskedOutput {
  readonly #parts: MaskedOutputParts;

  constructor(parts: MaskedOutputParts) {
    this.#parts = parts;
  }

  size(): Promise<number> {
    const { files, key, output } = this.#parts;
    return files.size(key, output);
  }

  /** What follows `offset`, mostly in `buffer`; what may begin a secret waits for the bytes after it, unless nothing follows. */
  async read(offset: number, buffer: Buffer, ended: boolean): Promise<Buffer> {
    const { key, output, files, redactor } = this.#parts;
    const context = Math.min(offset, Math.max(0, redactor.longestBytes - 1));
    const raw = await files.readInto(key, output, offset - context, buffer);
    const complete = ended && raw.length < buffer.length;
    const until = raw.length - (complete ? 0 : redactor.heldBack(raw));
    return until > context ? redactor.redact(raw).subarray(context, until) : buffer.subarray(0, 0);
  }

  /** All of an output that nobody writes to any more. A piece is overwritten by the next one. */
  async *whole(buffer: Buffer): AsyncGenerator<Buffer> {
    for (let offset = 0; ;) {
      const piece = await this.read(offset, buffer, true);
      if (piece.length === 0) return;
      offset += piece.length;
      yield piece;
    }
  }
}
