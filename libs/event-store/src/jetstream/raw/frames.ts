// What a nats-server sends, cut into messages and other lines: without an object for each message, and without a copy of it.

/** Where the parts of a message stand in `buffer`. One object for all: it is good until the handler returns. */
export interface Frame {
  buffer: Buffer;
  sid: number;
  subjectFrom: number;
  subjectTo: number;
  /** As long as nothing where there is no reply subject. */
  replyFrom: number;
  replyTo: number;
  /** As long as nothing where there are none. */
  headersFrom: number;
  /** Where the headers end, too. */
  contentFrom: number;
  contentTo: number;
}

export interface FrameHandler {
  message(frame: Frame): void;
  /** All but messages, without its end. */
  line(text: string): void;
}

const [LF, SPACE, ZERO, NINE, H, M] = [10, 32, 48, 57, 72, 77];
const END = 2;
/** "HMSG <subject> <sid> <reply> <headers> <all>" has the most. */
const MOST_WORDS = 6;

/** Takes what comes as it comes, whatever the server's system has made of it on the way. */
export class FrameReader {
  readonly #handler: FrameHandler;
  /** A frame whose end has not come yet. */
  #held: Buffer[] = [];
  #size = 0;
  /** Bytes of the frame that is held; 0 while not even its first line is there. */
  #needs = 0;
  readonly #words = new Int32Array(2 * MOST_WORDS);
  readonly #frame: Frame = {
    buffer: Buffer.alloc(0),
    sid: 0,
    subjectFrom: 0,
    subjectTo: 0,
    replyFrom: 0,
    replyTo: 0,
    headersFrom: 0,
    contentFrom: 0,
    contentTo: 0,
  };

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Throws where this is not the protocol. */
  push(chunk: Buffer): void {
    let from = 0;
    while (this.#size > 0 && from < chunk.length) from = this.#complete(chunk, from);
    if (from < chunk.length) this.#hold(chunk.subarray(this.#scan(chunk, from)));
  }

  /** Of the chunk as much as the held frame lacks. */
  #complete(chunk: Buffer, from: number): number {
    const lineEnd = chunk.indexOf(LF, from) + 1 || chunk.length;
    const to = this.#needs === 0 ? lineEnd : Math.min(chunk.length, from + this.#needs - this.#size);
    this.#hold(chunk.subarray(from, to));
    if (this.#size < this.#needs || (this.#needs === 0 && chunk[to - 1] !== LF)) return to;
    const whole = Buffer.concat(this.#held, this.#size);
    this.#held = [];
    this.#size = 0;
    this.#needs = 0;
    this.#hold(whole.subarray(this.#scan(whole, 0)));
    return to;
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#held.push(rest);
    this.#size += rest.length;
  }

  /** Hands over all that is whole; where the rest begins. */
  #scan(buffer: Buffer, from: number): number {
    let at = from;
    while (at < buffer.length) {
      const lineEnd = buffer.indexOf(LF, at);
      if (lineEnd === -1) return at;
      const first = buffer[at];
      if (first === M || first === H) {
        const end = this.#message(buffer, at, lineEnd);
        if (end > buffer.length) {
          this.#needs = end - at;
          return at;
        }
        this.#handler.message(this.#frame);
        at = end;
      } else {
        this.#handler.line(buffer.toString('latin1', at, lineEnd - 1));
        at = lineEnd + 1;
      }
    }
    return at;
  }

  /** Reads its first line; where it ends. */
  #message(buffer: Buffer, at: number, lineEnd: number): number {
    const words = this.#words;
    const hasHeaders = buffer[at] === H;
    const count = split(buffer, at, lineEnd - 1, words);
    const numbers = hasHeaders ? 2 : 1;
    if (count < 3 + numbers || count > 4 + numbers) throw new Error('The server sends something else than messages.');
    const frame = this.#frame;
    const size = numberIn(buffer, words, count - 1);
    frame.buffer = buffer;
    [frame.subjectFrom, frame.subjectTo] = [words[2] ?? 0, words[3] ?? 0];
    frame.sid = numberIn(buffer, words, 2);
    const hasReply = count === 4 + numbers;
    frame.replyFrom = hasReply ? (words[6] ?? 0) : 0;
    frame.replyTo = hasReply ? (words[7] ?? 0) : 0;
    frame.headersFrom = lineEnd + 1;
    frame.contentFrom = frame.headersFrom + (hasHeaders ? numberIn(buffer, words, count - 2) : 0);
    frame.contentTo = frame.headersFrom + size;
    if (frame.contentFrom > frame.contentTo) throw new Error('The server sends headers longer than their message.');
    return frame.contentTo + END;
  }
}

/** Where each word begins and ends; how many there are, of which no more than fit are noted. */
function split(buffer: Buffer, from: number, to: number, words: Int32Array): number {
  let count = 0;
  let begin = from;
  for (let at = from; at <= to; at += 1) {
    if (at < to && buffer[at] !== SPACE) continue;
    if (at > begin) {
      words[2 * count] = begin;
      words[2 * count + 1] = at;
      count += 1;
    }
    begin = at + 1;
  }
  return count;
}

function numberIn(buffer: Buffer, words: Int32Array, word: number): number {
  let value = 0;
  for (let at = words[2 * word] ?? 0; at < (words[2 * word + 1] ?? 0); at += 1) {
    const digit = buffer[at] ?? 0;
    if (digit < ZERO || digit > NINE) throw new Error('The server sends a message without its length.');
    value = value * 10 + digit - ZERO;
  }
  return value;
}
