// The streams of a KurrentDB in memory: atomic appends under an expectation, idempotent by event ids, and reads.

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface LoggedEvent extends ProposedEvent {
  readonly stream: string;
  /** Ordinal in its stream, from 0. */
  readonly revision: number;
  /** Where it stands among the events of all streams. */
  readonly position: number;
  readonly atMs: number;
}

/** The last event's revision that the writer expects, or what else it expects of the stream. */
export type Expected = number | 'any' | 'no-stream' | 'stream-exists';

export type AppendResult =
  | { readonly kind: 'stored'; readonly last: LoggedEvent }
  /** `current`: revision of the last event; -1 where there is no stream. */
  | { readonly kind: 'wrong-expected-version'; readonly current: number };

export interface ReadRange {
  readonly from: number | 'start' | 'end';
  readonly backwards: boolean;
  readonly count: number;
}

export class KurrentLog {
  readonly #streams = new Map<string, LoggedEvent[]>();
  readonly #listeners = new Set<() => void>();
  #position = 0;

  append(stream: string, proposed: readonly ProposedEvent[], expected: Expected): AppendResult {
    const events = this.#streams.get(stream) ?? [];
    if (!holds(expected, events.length)) return repeated(events, proposed, expected);
    for (const event of proposed) {
      this.#position += 1;
      events.push({ ...event, stream, revision: events.length, position: this.#position, atMs: Date.now() });
    }
    this.#streams.set(stream, events);
    const last = events.at(-1);
    if (last === undefined) throw new Error('An append without events.');
    for (const listener of this.#listeners) listener();
    return { kind: 'stored', last };
  }

  /** Null when there is no such stream. */
  read(stream: string, { from, backwards, count }: ReadRange): readonly LoggedEvent[] | null {
    const events = this.#streams.get(stream);
    if (events === undefined) return null;
    if (backwards) {
      const end = from === 'end' ? events.length : from === 'start' ? 1 : from + 1;
      return events.slice(Math.max(0, end - count), end).toReversed();
    }
    const start = from === 'start' ? 0 : from === 'end' ? events.length : from;
    return events.slice(start, start + count);
  }

  /** Calls `listener` after every append until the returned function is called. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function holds(expected: Expected, length: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'stream-exists') return length > 0;
  return (expected === 'no-stream' ? -1 : expected) === length - 1;
}

/** As the server does it: a repeat is told by the ids of the events that stand behind the expected one. */
function repeated(
  events: readonly LoggedEvent[],
  proposed: readonly ProposedEvent[],
  expected: Expected,
): AppendResult {
  const first = typeof expected === 'number' ? expected + 1 : 0;
  const found = proposed.map((event, index) => ({ event, there: events[first + index] }));
  const last = found.at(-1)?.there;
  if (last !== undefined && found.every(({ event, there }) => there?.id === event.id)) return { kind: 'stored', last };
  return { kind: 'wrong-expected-version', current: events.length - 1 };
}
