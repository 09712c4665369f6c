// Verifies a whole log, and the sealed heads with it.
import type { KeyObject } from 'node:crypto';
import { HeadCheck } from '../heads/head-check.ts';
import type { SealedHead } from '../heads/sealed-head.ts';
import type { LogBatch, LogContent } from '../log-content.ts';
import { LOG_STREAMS, type LogStream } from '../log-streams.ts';
import type { StreamMark } from '../rolling-hash.ts';
import type { Reducers } from './reducers.ts';
import { type Fault, StreamVerifier } from './stream-verifier.ts';

export interface VerifyOptions {
  readonly reducers: Reducers;
  /** Not looked at if absent. */
  readonly seals?: { readonly heads: readonly SealedHead[]; readonly publicKey: KeyObject };
}

export interface StreamReport extends StreamMark {
  readonly stream: LogStream;
  readonly commits: number;
  readonly events: number;
  /** How many sealed heads were compared. */
  readonly heads: number;
  /** The newest position that a good head vouches for. */
  readonly sealedTo: number;
  /** The first thing that is wrong; what comes after it in the stream was not looked at. */
  readonly fault: Fault | null;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly streams: readonly StreamReport[];
}

export async function verifyLog(content: LogContent, options: VerifyOptions): Promise<VerifyReport> {
  const check = new LogCheck(content, options);
  for await (const batch of content.read()) check.take(batch);
  return check.report();
}

/** Verification of what passes by: of a log that is only read, or that is copied at the same time. */
export class LogCheck {
  readonly #checks: Readonly<Record<LogStream, StreamCheck>>;

  constructor(content: Pick<LogContent, 'after' | 'ends'>, options: VerifyOptions) {
    const of = (stream: LogStream) => new StreamCheck(stream, content, options);
    this.#checks = { JOBS: of('JOBS'), EVENTS: of('EVENTS') };
  }

  /** The first fault of its stream so far. */
  take({ stream, messages }: LogBatch): Fault | null {
    return this.#checks[stream].take(messages);
  }

  report(): VerifyReport {
    const streams = LOG_STREAMS.map((stream) => this.#checks[stream].report());
    return { ok: streams.every(({ fault }) => fault === null), streams };
  }
}

class StreamCheck {
  readonly #stream: LogStream;
  readonly #verifier: StreamVerifier;
  readonly #heads: HeadCheck | null;
  readonly #from: number;
  readonly #end: number;
  #fault: Fault | null = null;

  constructor(stream: LogStream, { after, ends }: Pick<LogContent, 'after' | 'ends'>, options: VerifyOptions) {
    const { reducers, seals } = options;
    this.#stream = stream;
    this.#verifier = new StreamVerifier({ stream, reducers, after: after[stream] });
    this.#heads = seals === undefined ? null : new HeadCheck(stream, seals.heads, seals.publicKey);
    this.#from = after[stream].position;
    this.#end = ends[stream];
  }

  take(messages: LogBatch['messages']): Fault | null {
    for (const message of messages) {
      if (this.#fault !== null) break;
      this.#fault = this.#verifier.take(message);
      this.#fault ??= this.#heads?.reached(this.#verifier.mark, message.subject) ?? null;
    }
    return this.#fault;
  }

  report(): StreamReport {
    const { mark, events } = this.#verifier;
    this.#fault ??= this.#verifier.ended(this.#end) ?? this.#heads?.ended(mark) ?? null;
    return {
      stream: this.#stream,
      ...mark,
      commits: mark.position - this.#from,
      events,
      heads: this.#heads?.checked ?? 0,
      sealedTo: this.#heads?.sealedTo ?? 0,
      fault: this.#fault,
    };
  }
}
