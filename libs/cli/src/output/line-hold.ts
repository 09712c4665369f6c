// Live output: on a terminal as it comes, into a file or pipe as whole lines in their last state.
import type { LogEvent } from '@baton/sdk';

interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class LineHold {
  readonly #sink: Sink;
  /** By attempt and output. */
  readonly #unfinished = new Map<string, string>();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  write({ attempt, output, text }: Pick<LogEvent, 'attempt' | 'output' | 'text'>): void {
    if (this.#sink.isTTY) return void this.#sink.write(text);
    const key = `${attempt}.${output}`;
    const lines = `${this.#unfinished.get(key) ?? ''}${text}`.split('\n');
    this.#unfinished.set(key, lastState(lines.pop() ?? '', true));
    if (lines.length > 0) this.#sink.write(`${lines.map((line) => lastState(line)).join('\n')}\n`);
  }

  /** What stands unfinished. */
  end(): void {
    for (const line of this.#unfinished.values()) if (line !== '') this.#sink.write(lastState(line));
    this.#unfinished.clear();
  }
}

/** `isOpen`: a return at the very end is kept, for what comes will overwrite the line. */
function lastState(line: string, isOpen = false): string {
  if (!line.includes('\r')) return line;
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  const shown = line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
  return isOpen && end < line.length ? `${shown}\r` : shown;
}
