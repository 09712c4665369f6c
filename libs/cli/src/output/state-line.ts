// A line that stays at the bottom of the terminal while output goes by above it.
import { cutToWidth, terminalWidth } from './text-width.ts';

const CLEAR = '\r\u001B[2K';

export class StateLine {
  readonly #out: NodeJS.WriteStream;
  readonly #state: NodeJS.WriteStream;
  readonly #isLive: boolean;
  #text = '';
  #isShown = false;
  #isAtLineStart = true;

  constructor(out: NodeJS.WriteStream = process.stdout, state: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    this.#state = state;
    this.#isLive = out.isTTY && state.isTTY;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** Output goes to standard output as it is. */
  write(text: string): void {
    if (text === '') return;
    this.#hide();
    this.#out.write(text);
    this.#isAtLineStart = text.endsWith('\n');
    this.#show();
  }

  /** A line for people that stays. */
  note(text: string): void {
    this.#hide();
    this.#finishLine();
    this.#state.write(`${text}\n`);
    this.#show();
  }

  /** Replaces the line at the bottom. */
  set(text: string): void {
    if (text === this.#text) return;
    this.#hide();
    this.#text = text;
    this.#show();
  }

  end(): void {
    this.#hide();
    this.#text = '';
    this.#finishLine();
  }

  // The two streams are one screen only if both are the terminal; a file gets no line end that the job did not write.
  #finishLine(): void {
    if (!this.#isAtLineStart && this.#isLive) this.#out.write('\n');
    this.#isAtLineStart = true;
  }

  #hide(): void {
    if (this.#isShown) this.#state.write(CLEAR);
    this.#isShown = false;
  }

  // Not behind half a line of output: it would be wiped away with the state.
  #show(): void {
    if (!this.#isLive || this.#text === '' || !this.#isAtLineStart) return;
    this.#state.write(cutToWidth(this.#text, terminalWidth(this.#state) - 1));
    this.#isShown = true;
  }
}
