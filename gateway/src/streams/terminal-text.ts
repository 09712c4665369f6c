// Output as a terminal would show it: a line's last state after carriage returns, colours kept, everything else that could act on a terminal left out.

/** What is longer is cut in the view; the raw output has it whole. */
const MAX_LINE_CHARS = 8_192;
const ESCAPE = '\\u001b';
const COLOUR = new RegExp(`^${ESCAPE}\\[[\\d;:]*m$`);
const UNSAFE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/; // oxlint-disable-line no-control-regex
const SEQUENCES = new RegExp(
  [
    `${ESCAPE}\\[[0-?]*[ -/]*[@-~]`,
    `${ESCAPE}\\][^\\u0007\\u001b]{0,4096}(?:\\u0007|${ESCAPE}\\\\)`,
    '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]',
  ].join('|'),
  'g',
);
const SILENT = new Set(['\u0007', '\b']);

/** Lines that can't move the cursor, rename the window or ring the bell; what is no text shows as U+FFFD. */
export function safeText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replaceAll(SEQUENCES, (found) => {
    if (found.length > 1) return COLOUR.test(found) ? found : '';
    return SILENT.has(found) ? '' : '\u{FFFD}';
  });
}

/** A line of its own where a piece of output is gone; empty for none. */
export function missingText(bytes: number, output: string): string {
  if (bytes === 0) return '';
  return `[${bytes} bytes of ${output} are no longer in the stream; once the attempt has ended, the raw output has them]\n`;
}

function shown(line: string): string {
  return safeText(line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line);
}

function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

/**
 * A piece of output for a terminal that has shown what came before: lines are in their last state, and a carriage return stands only
 * where the piece goes on with a line that is to be overwritten. Each piece by itself, so that a reader may begin with any.
 */
export function terminalPiece(text: string): string {
  const lines = text.split('\n');
  const last = lines.length - 1;
  const pieces = lines.map((line, index) => {
    const body = withoutReturns(line);
    const at = body.lastIndexOf('\r');
    const overwrites = index === 0 && (at >= 0 || (body === '' && line !== '' && last === 0));
    const isToBeOverwritten = index === last && body !== '' && line.length > body.length;
    return `${overwrites ? '\r' : ''}${shown(body.slice(at + 1))}${isToBeOverwritten ? '\r' : ''}`;
  });
  return pieces.join('\n');
}

/** Whole lines out of an output's text, each in its last state. Memory is bounded, whatever the length of a line. */
export class TerminalLines {
  #line = '';

  /** The lines that `text` completes, each with its line feed. */
  push(text: string): string {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    const complete = lines.map((line) => {
      this.#add(line);
      return `${this.flush()}\n`;
    });
    this.#add(rest);
    return complete.join('');
  }

  /** The line that stands unfinished. */
  flush(): string {
    const line = shown(withoutReturns(this.#line));
    this.#line = '';
    return line;
  }

  #add(text: string): void {
    if (text === '') return;
    const body = withoutReturns(text);
    const at = body.lastIndexOf('\r');
    const restarts = at >= 0 || (body !== '' && this.#line.endsWith('\r'));
    const kept = restarts ? body.slice(at + 1) : this.#line + body;
    const isReturned = text.length > body.length || (body === '' && this.#line.endsWith('\r'));
    // One more than is shown, so that the cut shows.
    this.#line = withoutReturns(kept).slice(0, MAX_LINE_CHARS + 1) + (isReturned ? '\r' : '');
  }
}
