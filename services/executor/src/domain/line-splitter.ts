// Splits output into lines as a terminal would show them: after a carriage return the line begins anew. Memory is bounded.

/** Longer lines are no metric lines: only their beginning is kept. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  #pieces: Buffer[] = [];
  #length = 0;

  /** The lines that `bytes` completes. `bytes` may be used again by the caller afterwards. */
  push(bytes: Buffer): string[] {
    const lastFeed = bytes.lastIndexOf(LINE_FEED);
    if (lastFeed < 0) {
      this.#keep(bytes);
      return [];
    }
    // All complete lines at once: decoding and splitting line by line costs five times as much.
    const complete = Buffer.concat([...this.#pieces, bytes.subarray(0, lastFeed)]).toString('utf8');
    this.#clear();
    this.#keep(bytes.subarray(lastFeed + 1));
    return complete.split('\n').map((line) => lastState(line).slice(0, MAX_LINE_BYTES));
  }

  /** What stands since the last line feed, as a line; the splitter is empty afterwards. */
  flush(): string {
    const line = Buffer.concat(this.#pieces).toString('utf8');
    this.#clear();
    return lastState(line);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  #clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  #keep(piece: Buffer): void {
    // A carriage return with text after it overwrites all before; one at the very end may be half of CR LF.
    const restart = piece.length > 1 ? piece.lastIndexOf(CARRIAGE_RETURN, piece.length - 2) : -1;
    if (restart >= 0) this.#clear();
    const rest = piece.subarray(restart + 1, restart + 1 + MAX_LINE_BYTES - this.#length);
    if (rest.length === 0) return;
    this.#pieces.push(Buffer.from(rest));
    this.#length += rest.length;
  }
}

/** What a terminal would show of a line with carriage returns in it. */
export function lastState(line: string): string {
  if (!line.includes('\r')) return line;
  const shown = line.endsWith('\r') ? line.slice(0, -1) : line;
  return shown.slice(shown.lastIndexOf('\r') + 1);
}
