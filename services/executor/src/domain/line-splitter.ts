// Splits output into lines as a terminal would show them: after a carriage return the line begins anew. Memory is bounded.

/** Longer lines are no metric lines: only their beginning is kept. */
const MAX_LINE_BYTES = 64 * 1024;
const BEYOND_ASCII = /[\u0080-\u00ff]/;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  #pieces: Buffer[] = [];
  #length = 0;

  /**
   * The lines that `bytes` completes; with `wanted`, a global pattern of ASCII text, only those in which it is found.
   * `bytes` may be used again by the caller afterwards.
   */
  push(bytes: Buffer, wanted?: RegExp): string[] {
    const lastFeed = bytes.lastIndexOf(LINE_FEED);
    if (lastFeed < 0) {
      this.#keep(bytes);
      return [];
    }
    const whole = bytes.subarray(0, lastFeed);
    const complete = this.#length === 0 ? whole : Buffer.concat([...this.#pieces, whole]);
    const lines = wanted ? matching(complete, wanted) : complete.toString('utf8').split('\n');
    this.#clear();
    this.#keep(bytes.subarray(lastFeed + 1));
    return lines.map((line) => lastState(line).slice(0, MAX_LINE_BYTES));
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
    // A carriage return with text after it overwrites all before; those at the very end may belong to a line feed.
    let end = piece.length;
    while (end > 0 && piece[end - 1] === CARRIAGE_RETURN) end -= 1;
    const restart = end === 0 ? -1 : piece.lastIndexOf(CARRIAGE_RETURN, end - 1);
    if (restart >= 0) this.#clear();
    const rest = piece.subarray(restart + 1, restart + 1 + MAX_LINE_BYTES - this.#length);
    if (rest.length === 0) return;
    this.#pieces.push(Buffer.from(rest));
    this.#length += rest.length;
  }
}

/**
 * As Latin-1 a character is a byte, so that a block is searched at once and only the lines found are decoded: most output holds
 * no metric, and splitting it all costs six times as much.
 */
function matching(block: Buffer, wanted: RegExp): string[] {
  const text = block.toString('latin1');
  const lines: string[] = [];
  wanted.lastIndex = 0;
  for (let found = wanted.exec(text); found; found = wanted.exec(text)) {
    const start = text.lastIndexOf('\n', found.index) + 1;
    const feed = text.indexOf('\n', found.index);
    const end = feed < 0 ? text.length : feed;
    const line = text.slice(start, end);
    lines.push(BEYOND_ASCII.test(line) ? block.toString('utf8', start, end) : line);
    if (feed < 0) break;
    wanted.lastIndex = end + 1;
  }
  return lines;
}

/** What a terminal would show of a line with carriage returns in it. */
export function lastState(line: string): string {
  if (!line.includes('\r')) return line;
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}
