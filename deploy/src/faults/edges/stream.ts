// A stream as nats-server keeps it: what a message has to expect, and what it is refused for.
import type { Breakage } from '../breakage.ts';

export interface StoredEntry {
  readonly position: number;
  readonly subject: string;
  readonly bytes: Buffer;
  readonly commitId: string;
}

export interface Published {
  readonly subject: string;
  readonly bytes: Buffer;
  readonly headers: ReadonlyMap<string, string>;
}

export interface Refusal {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

const WRONG_SEQUENCE: Refusal = { code: 400, err_code: 10071, description: 'wrong last sequence' };
const WRONG_ID: Refusal = { code: 400, err_code: 10070, description: 'wrong last msg ID' };

export class Stream {
  readonly name: string;
  readonly #broken: ReadonlySet<Breakage>;
  #entries: StoredEntry[] = [];
  #ofId = new Map<string, number>();
  #lastOf = new Map<string, number>();

  constructor(name: string, broken: ReadonlySet<Breakage>) {
    this.name = name;
    this.#broken = broken;
  }

  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  /** Where a message with this id is already. */
  known({ headers }: Published): number | undefined {
    return this.#ofId.get(headers.get('Nats-Msg-Id') ?? '');
  }

  /** Why it is not taken. */
  refusal({ subject, headers }: Published): Refusal | null {
    const previous = headers.get('Nats-Expected-Last-Msg-Id');
    const isOther = previous !== undefined && previous !== this.#entries.at(-1)?.commitId;
    if (isOther && !this.#broken.has('log-previous')) return WRONG_ID;
    const sequence = headers.get('Nats-Expected-Last-Sequence');
    const isElsewhere = sequence !== undefined && Number(sequence) !== this.#entries.length;
    if (isElsewhere && !this.#broken.has('log-expectation')) return WRONG_SEQUENCE;
    const ofSubject = headers.get('Nats-Expected-Last-Subject-Sequence');
    if (ofSubject !== undefined && Number(ofSubject) !== (this.#lastOf.get(subject) ?? 0)) return WRONG_SEQUENCE;
    return null;
  }

  store({ subject, bytes, headers }: Published): StoredEntry {
    const commitId = headers.get('Nats-Msg-Id') ?? '';
    const entry = { position: this.#entries.length + 1, subject, bytes, commitId };
    this.#entries.push(entry);
    this.#ofId.set(commitId, entry.position);
    this.#lastOf.set(subject, entry.position);
    return entry;
  }

  lastOf(subject: string): StoredEntry | undefined {
    return this.#entries[(this.#lastOf.get(subject) ?? 0) - 1];
  }

  next(from: number, subject: string): StoredEntry | undefined {
    return this.#entries.find((entry) => entry.position >= from && (subject === '>' || entry.subject === subject));
  }

  /** What was not on disk is gone. */
  truncate(length: number): void {
    this.#entries = this.#entries.slice(0, length);
    this.#ofId = new Map(this.#entries.map(({ commitId, position }) => [commitId, position]));
    this.#lastOf = new Map(this.#entries.map(({ subject, position }) => [subject, position]));
  }
}
