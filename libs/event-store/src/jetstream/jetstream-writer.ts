// The pipelined writer over JetStream. After any doubt it reads what the log holds and sends the rest again, in order.
import type { StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { errors, type Msg, type Status, type Subscription } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateRef, Appended, Commit, Position } from '../port.ts';
import {
  DEFAULT_MAX_IN_FLIGHT,
  lostRace,
  type PendingWrite,
  type StreamWriter,
  type WriterOptions,
  type WriterState,
} from '../stream-writer.ts';
import { parseAcknowledgement, storageFull } from './acknowledgement.ts';
import { onStatus } from './connection-watch.ts';
import { newInbox } from './inbox.ts';
import { isSame, type Publication, publication, publicationHeaders } from './publication.ts';
import { rememberWritten, type StoredMessage } from '../stored-commit.ts';
import type { StreamApi } from './stream-api.ts';

const TICK_MS = 500;
const SILENCE_MS = 2_000;
const PAUSE_MS = 100;
/** So many leave before the turn of the event loop ends: the server takes them in while this process goes on with others. */
const ENOUGH_TO_SEND = 6;
/** How often in a row the head may be refused with nothing in its place before the writer gives up. */
const REFUSALS = 3;

interface Entry extends Publication {
  readonly position: Position;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: PlatformError) => void;
  stored: boolean;
}

/** Why the log has to be asked. `error`: the server will not take the head, whatever is tried. */
interface Doubt {
  readonly refused: boolean;
  readonly error?: PlatformError;
}

export interface WrittenStream {
  readonly stream: StreamName;
  readonly replicas: number;
  readonly hasRoom: () => boolean;
}

export class JetStreamWriter implements StreamWriter {
  readonly #api: StreamApi;
  readonly #stream: StreamName;
  readonly #hasRoom: () => boolean;
  readonly #maxInFlight: number;
  /** How many may be on their way to the server at the same time. */
  readonly #window: number;
  readonly #inbox: string;
  readonly #replies: Subscription;
  readonly #stopWatching: () => void;
  readonly #ticker: NodeJS.Timeout;
  #entries: Entry[] = [];
  /** How many of the entries are on their way; the others wait for room. */
  #sent = 0;
  /** Raised whenever everything is sent anew: answers to earlier sendings don't count. */
  #epoch = 0;
  #state: WriterState = 'open';
  #settling = false;
  #pumpsSoon = false;
  #refusals = 0;
  #heardAt = performance.now();
  #lastAssigned: Position;
  #waiting: (() => void)[] = [];

  constructor(api: StreamApi, { stream, replicas, hasRoom }: WrittenStream, options: WriterOptions) {
    this.#api = api;
    this.#stream = stream;
    this.#hasRoom = hasRoom;
    this.#lastAssigned = options.after;
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
    this.#window = replicas > 1 ? 1 : this.#maxInFlight;
    this.#inbox = newInbox(api.connection);
    this.#replies = api.connection.subscribe(`${this.#inbox}.*.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
      },
    });
    this.#stopWatching = onStatus(api.connection, (status) => this.#watch(status));
    this.#ticker = setInterval(() => {
      if (this.#sent > 0 && performance.now() - this.#heardAt > SILENCE_MS) void this.#settle({ refused: false });
    }, TICK_MS).unref();
  }

  get state(): WriterState {
    return this.#state;
  }

  get lastAssigned(): Position {
    return this.#lastAssigned;
  }

  write(ref: AggregateRef, commit: Commit): PendingWrite {
    if (this.#state === 'lost') throw lostRace();
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    if (!this.#hasRoom()) throw storageFull();
    const message = publication(this.#api.connection, this.#stream, ref, commit);
    const position = (this.#lastAssigned += 1);
    rememberWritten(commit, ref, { position, subject: message.subject, bytes: message.bytes });
    const { promise: done, resolve, reject } = Promise.withResolvers<Appended>();
    // A caller may look at the writer's state instead: a rejection that nobody awaits must not end the process.
    done.catch(() => undefined);
    this.#entries.push({ ...message, position, resolve, reject, stored: false });
    this.#pumpSoon();
    return { position, hash: message.hash, done };
  }

  async ready(): Promise<void> {
    while (this.#entries.length >= this.#maxInFlight) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  reset(after: Position): void {
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    if (this.#entries.length > 0) throw new PlatformError('internal', 'A writer was reset with commits in flight.');
    this.#lastAssigned = after;
    this.#refusals = 0;
    this.#state = 'open';
  }

  close(): void {
    if (this.#state === 'closed') return;
    clearInterval(this.#ticker);
    this.#stopWatching();
    if (!this.#api.connection.isClosed()) this.#replies.unsubscribe();
    const unknown = () => new PlatformError('outcome_unknown', 'The writer was closed.', { retryAfterMs: 1_000 });
    this.#giveUp('closed', unknown(), unknown);
  }

  /** A few of what is written in one turn of the event loop leave together: each write to the socket costs as much as the rest of a commit. */
  #pumpSoon(): void {
    if (this.#entries.length - this.#sent >= ENOUGH_TO_SEND) return this.#pump();
    if (this.#pumpsSoon) return;
    this.#pumpsSoon = true;
    setImmediate(() => {
      this.#pumpsSoon = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#settling && this.#state === 'open' && this.#sent < Math.min(this.#entries.length, this.#window)) {
      if (this.#sent === 0) this.#heardAt = performance.now();
      this.#send(this.#sent);
      this.#sent += 1;
    }
  }

  /**
   * The expected sequence alone is no fence in a pipeline: when another's commit takes the head's place, the head is refused,
   * but the one behind it then finds the stream as long as it expects. So each also names the id of the one before it. The
   * head does not: the one before it is known to be there.
   *
   * A replicated stream must never be sent that second expectation: nats-server 2.14.9 finds the mismatch only after the
   * replicas have agreed on the message, takes it for a write error, and stops the stream on all of them. There the window is
   * one, so that the first expectation is enough.
   */
  #send(index: number): void {
    const entry = this.#entries[index];
    if (entry === undefined || this.#api.connection.isClosed()) return;
    const headers = publicationHeaders(this.#stream, entry, { kind: 'stream', position: entry.position - 1 });
    const previous = this.#entries[index - 1];
    if (previous !== undefined) headers.set('Nats-Expected-Last-Msg-Id', previous.commitId);
    const reply = `${this.#inbox}.${this.#epoch}.${entry.position}`;
    try {
      this.#api.connection.publish(entry.subject, entry.bytes, { headers, reply });
    } catch {
      // The connection is being drained, and takes nothing more.
      this.close();
    }
  }

  #hear(message: Msg): void {
    const [epoch, position] = message.subject.split('.').slice(-2).map(Number);
    const head = this.#entries[0];
    if (epoch !== this.#epoch || head === undefined || position === undefined) return;
    const entry = this.#entries[position - head.position];
    if (entry === undefined) return;
    this.#heardAt = performance.now();
    // No responders: the stream has no leader at present.
    if (message.headers?.code === 503) return void this.#settle({ refused: false });
    const answer = parseAcknowledgement(this.#stream, message.data);
    if (answer.kind === 'stored' && answer.position === position) return this.#confirm(entry);
    void this.#settle(
      answer.kind === 'refused' ? { refused: true, error: answer.error } : { refused: answer.kind !== 'unclear' },
    );
  }

  #confirm(entry: Entry): void {
    entry.stored = true;
    while (this.#entries[0]?.stored === true) this.#advance();
    this.#pump();
  }

  #advance(): void {
    const head = this.#entries.shift();
    head?.resolve({ position: head.position, hash: head.hash });
    this.#sent = Math.max(0, this.#sent - 1);
    this.#refusals = 0;
    this.#wakeWaiting();
  }

  /** Takes as written what the leader has of ours, then sends the rest again; or finds that another was there before. */
  async #settle(doubt: Doubt): Promise<void> {
    if (this.#settling || this.#state !== 'open') return;
    this.#settling = true;
    this.#epoch += 1;
    this.#sent = 0;
    const remaining = await this.#reconcile();
    this.#settling = false;
    if (remaining && doubt.error !== undefined) this.#giveUp('lost', doubt.error, lostRace);
    if (remaining && doubt.refused && (this.#refusals += 1) >= REFUSALS) this.#giveUp('lost', lostRace(), lostRace);
    this.#pump();
  }

  /** Walks through what is in flight as far as the log has it; false when nothing is left to be sent. */
  async #reconcile(): Promise<boolean> {
    for (let head = this.#entries[0]; head !== undefined; head = this.#entries[0]) {
      const stored = await this.#storedAt(head.position);
      if (this.#state !== 'open') return false;
      if (stored === null) {
        if (this.#refusals > 0) await sleep(PAUSE_MS);
        return this.#state === 'open';
      }
      if (!isSame(stored, head)) {
        this.#giveUp('lost', lostRace(), lostRace);
        return false;
      }
      this.#advance();
    }
    return true;
  }

  /** Asks the leader as long as it takes. */
  async #storedAt(position: Position): Promise<StoredMessage | null> {
    while (this.#state === 'open') {
      try {
        return await this.#api.messageAt(position);
      } catch {
        if (this.#api.connection.isClosed()) this.close();
        await sleep(PAUSE_MS);
      }
    }
    return null;
  }

  #watch(status: Status): void {
    if (status.type === 'close') return this.close();
    if (status.type === 'reconnect' && this.#sent > 0) return void this.#settle({ refused: false });
    if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) return;
    const { operation, subject } = status.error;
    if (operation !== 'publish' || !this.#entries.some((entry) => entry.subject === subject)) return;
    const error = new PlatformError('internal', 'The event log refuses this service.', { cause: status.error });
    void this.#settle({ refused: true, error });
  }

  #giveUp(state: 'lost' | 'closed', first: PlatformError, behind: () => PlatformError): void {
    const entries = this.#entries;
    this.#entries = [];
    this.#sent = 0;
    this.#epoch += 1;
    this.#state = state;
    for (const [index, entry] of entries.entries()) entry.reject(index === 0 ? first : behind());
    this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    if (this.#entries.length >= this.#maxInFlight) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
