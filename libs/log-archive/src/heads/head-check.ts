// Sealed heads against the stream that is read: each must stand in it as it was signed.
import type { KeyObject } from 'node:crypto';
import type { LogStream } from '../log-streams.ts';
import { type StreamMark, sameMark } from '../rolling-hash.ts';
import type { Fault } from '../verify/stream-verifier.ts';
import { headFault, type SealedHead } from './sealed-head.ts';

export class HeadCheck {
  readonly #stream: LogStream;
  readonly #publicKey: KeyObject;
  readonly #waiting: SealedHead[];
  /** The newest head that was found to hold. */
  #good: SealedHead | null = null;
  #checked = 0;

  constructor(stream: LogStream, heads: readonly SealedHead[], publicKey: KeyObject) {
    this.#stream = stream;
    this.#publicKey = publicKey;
    this.#waiting = heads.filter((head) => head.stream === stream).toSorted((a, b) => a.position - b.position);
  }

  get checked(): number {
    return this.#checked;
  }

  get sealedTo(): number {
    return this.#good?.position ?? 0;
  }

  /** Called after each commit. */
  reached(mark: StreamMark, subject: string): Fault | null {
    for (let head = this.#waiting[0]; head !== undefined && head.position <= mark.position; head = this.#waiting[0]) {
      this.#waiting.shift();
      const fault = this.#compare(head, mark, subject);
      if (fault !== null) return fault;
    }
    return null;
  }

  /** The stream has ended. */
  ended(mark: StreamMark): Fault | null {
    const [head] = this.#waiting;
    if (head === undefined) return null;
    const why = `the stream ends at ${mark.position}, and was sealed at ${head.position} on ${when(head)}: its end was cut off`;
    return { stream: this.#stream, position: mark.position + 1, subject: '', why };
  }

  #compare(head: SealedHead, mark: StreamMark, subject: string): Fault | null {
    const at = { stream: this.#stream, position: head.position, subject };
    const forged = headFault(head, this.#publicKey);
    if (forged !== null) return { ...at, why: `the head sealed there on ${when(head)} ${forged}` };
    // Read from a mark behind the head: what lies before is not looked at.
    if (head.position === mark.position && !sameMark(head, mark)) {
      const from = this.sealedTo + 1;
      const what =
        head.lastHash === mark.lastHash
          ? `something from position ${from} on was changed after it was sealed`
          : 'this commit is another one than was sealed';
      return {
        ...at,
        position: head.lastHash === mark.lastHash ? from : head.position,
        why: `${what} on ${when(head)}`,
      };
    }
    this.#good = head;
    this.#checked += 1;
    return null;
  }
}

function when({ at }: SealedHead): string {
  return new Date(at).toISOString();
}
