// Finds text in an output that passes by in pieces: line numbers, byte offsets, and the text around. Works on bytes, so that any output will do.
import { safeText } from './terminal-text.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** So much is shown before and after what was found, at most. */
const CONTEXT_BYTES = 512;

export interface LogHit {
  /** From 1; lines end in line feeds. */
  readonly line: number;
  /** Of what was found: bytes from the start of the output. */
  readonly offset: number;
  /** Around it, as far as no line feed or carriage return comes. */
  readonly text: string;
}

export interface SearchPlace {
  readonly offset: number;
  /** The number of the line that the offset lies in. */
  readonly line: number;
  /** That line was found already: go on behind it. */
  readonly inFound: boolean;
}

export class LogSearch {
  readonly #needle: Buffer;
  readonly #ignoreCase: boolean;
  #window: Buffer = Buffer.alloc(0);
  /** Offset of the window's first byte. */
  #base: number;
  /** Places in the window: up to where line feeds were counted, and from where to search. */
  #counted = 0;
  #from = 0;
  #line: number;
  #inFound: boolean;

  constructor(text: string, options: { readonly ignoreCase: boolean; readonly from: SearchPlace }) {
    const needle = Buffer.from(text);
    this.#ignoreCase = options.ignoreCase;
    this.#needle = options.ignoreCase ? lowered(needle) : needle;
    this.#base = options.from.offset;
    this.#line = options.from.line;
    this.#inFound = options.from.inFound;
  }

  /** Where a later search goes on. */
  get place(): SearchPlace {
    this.#countTo(this.#from);
    return { offset: this.#base + this.#from, line: this.#line, inFound: this.#inFound };
  }

  /** One for each line, in order. What is not asked for stays to be found from `place` on. */
  *push(bytes: Uint8Array): Generator<LogHit> {
    this.#window = Buffer.concat([this.#window, bytes]);
    // What begins later may not be there in full, or not its text around.
    yield* this.#search(Math.max(0, this.#window.length - this.#needle.length - CONTEXT_BYTES));
    this.#trim();
  }

  /** Nothing comes any more. */
  *end(): Generator<LogHit> {
    yield* this.#search(this.#window.length);
  }

  *#search(until: number): Generator<LogHit> {
    const hay = this.#ignoreCase ? lowered(this.#window) : this.#window;
    while (this.#leaveFoundLine() && this.#from < until) {
      const at = hay.indexOf(this.#needle, this.#from);
      if (at < 0 || at >= until) {
        this.#from = until;
        return;
      }
      this.#countTo(at);
      this.#from = at + this.#needle.length;
      this.#inFound = true;
      yield { line: this.#line, offset: this.#base + at, text: this.#around(at) };
    }
  }

  /** False while the line that was found goes on. */
  #leaveFoundLine(): boolean {
    if (!this.#inFound) return true;
    const feed = this.#window.indexOf(LINE_FEED, this.#from);
    this.#from = feed < 0 ? this.#window.length : feed + 1;
    this.#inFound = feed < 0;
    return feed >= 0;
  }

  #countTo(place: number): void {
    for (let feed = this.#next(LINE_FEED, this.#counted); feed < place; feed = this.#next(LINE_FEED, feed + 1))
      this.#line += 1;
    this.#counted = Math.max(this.#counted, place);
  }

  #next(byte: number, from: number): number {
    const at = this.#window.indexOf(byte, from);
    return at < 0 ? this.#window.length : at;
  }

  #around(at: number): string {
    const after = at + this.#needle.length;
    const earliest = Math.max(0, at - CONTEXT_BYTES);
    const latest = Math.min(this.#window.length, after + CONTEXT_BYTES);
    const head = this.#window.subarray(earliest, at);
    const begin = 1 + Math.max(head.lastIndexOf(LINE_FEED), head.lastIndexOf(CARRIAGE_RETURN));
    const end = Math.min(this.#next(LINE_FEED, after), this.#next(CARRIAGE_RETURN, after));
    const text = safeText(this.#window.toString('utf8', earliest + begin, Math.min(end, latest)));
    const isCut = begin === 0 && this.#base + earliest > 0;
    return `${isCut ? '…' : ''}${text}${end > latest ? '…' : ''}`;
  }

  #trim(): void {
    const cut = Math.max(0, this.#from - CONTEXT_BYTES);
    this.#countTo(cut);
    this.#window = Buffer.from(this.#window.subarray(cut));
    this.#base += cut;
    this.#from -= cut;
    this.#counted -= cut;
  }
}

/** A to Z alone: all else is as many bytes in either case, or is not. */
function lowered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = 0; index < copy.length; index += 1) {
    const byte = copy[index] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) copy[index] = byte + 0x20;
  }
  return copy;
}
