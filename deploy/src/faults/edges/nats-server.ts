// The nats-server: two streams and a bucket on one disk that it writes to one message after the other, each fsynced before it is
// acknowledged. A crash takes what is not on the disk.
import type { Breakage } from '../breakage.ts';
import { type Kernel, type Machine, newProcess, type SimulatedProcess } from '../kernel/kernel.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { type Published, type StoredEntry, Stream } from './stream.ts';

/** `value` is there for what is not worth writing as text. */
export interface Answer {
  readonly text: string;
  readonly value?: unknown;
}
type Reply = (answer: Answer) => void;

export interface NatsRequest extends Published {
  readonly reply: Reply;
}

interface Write {
  readonly stream: Stream;
  readonly request: NatsRequest;
}

export interface NatsServerParts {
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly broken: ReadonlySet<Breakage>;
  readonly onStored: (stream: string, entry: StoredEntry) => void;
}

const FSYNC_MS = [0.5, 4] as const;
export const READ_AT_ONCE = 500;

export class NatsServer {
  readonly #parts: NatsServerParts;
  readonly streams: { readonly EVENTS: Stream; readonly JOBS: Stream };
  readonly lease: LeaseKeeper;
  #process: SimulatedProcess | null = null;
  #writes: Write[] = [];
  #isWriting = false;
  /** Written until then is slow. */
  slowUntil = 0;
  /** With a broken fsync: how much of JOBS is on the disk. */
  #onDisk = 0;
  readonly #listeners = new Set<() => void>();

  constructor(parts: NatsServerParts) {
    this.#parts = parts;
    const { broken, kernel, machine } = parts;
    this.streams = { EVENTS: new Stream('EVENTS', broken), JOBS: new Stream('JOBS', broken) };
    this.lease = new LeaseKeeper(() => kernel.wallClock(machine), broken);
  }

  get process(): SimulatedProcess | null {
    return this.#process;
  }

  start(): SimulatedProcess {
    this.#process = newProcess('nats', this.#parts.machine);
    this.#writes = [];
    this.#isWriting = false;
    return this.#process;
  }

  /** The write that is under way may have come to the disk, or not; nobody is told. */
  crash(): void {
    const { kernel, broken } = this.#parts;
    const [first] = this.#writes;
    if (this.#isWriting && first !== undefined && kernel.chance(0.5)) this.#store(first);
    if (this.#process !== null) this.#process.alive = false;
    this.#process = null;
    this.#listeners.clear();
    if (broken.has('log-fsync')) this.streams.JOBS.truncate(this.#onDisk);
  }

  /** Called at each commit of EVENTS, by whom follows it; forgotten with a crash. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  serve(request: NatsRequest): void {
    const { subject, bytes } = request;
    if (subject.startsWith('evt.')) return this.#publish(request);
    const stream = subject.endsWith('.JOBS') ? this.streams.JOBS : this.streams.EVENTS;
    if (subject.startsWith('$JS.API.STREAM.MSG.GET.')) return this.#get(stream, bytes, request.reply);
    if (subject.startsWith('$JS.API.STREAM.INFO.'))
      return request.reply({ text: JSON.stringify({ state: { last_seq: stream.entries.length } }) });
    if (subject.startsWith('$READ.')) {
      const { after } = JSON.parse(bytes.toString()) as { after: number };
      return request.reply({ text: '{}', value: stream.entries.slice(after, after + READ_AT_ONCE) });
    }
    throw new Error(`nobody answers at ${subject}`);
  }

  #publish(request: NatsRequest): void {
    const stream = request.subject.startsWith('evt.job.') ? this.streams.JOBS : this.streams.EVENTS;
    this.#writes.push({ stream, request });
    this.#writeNext();
  }

  #writeNext(): void {
    const { kernel, broken } = this.#parts;
    const [write] = this.#writes;
    if (this.#isWriting || write === undefined || this.#process === null) return;
    const { stream, request } = write;
    const known = stream.known(request);
    const error = known === undefined ? stream.refusal(request) : null;
    if (known !== undefined || error !== null) {
      this.#writes.shift();
      const told = known === undefined ? { error } : { stream: stream.name, seq: known, duplicate: true };
      request.reply({ text: JSON.stringify(told) });
      return this.#writeNext();
    }
    this.#isWriting = true;
    const slowMs = this.slowUntil > kernel.now ? kernel.between(0, 1_500) : 0;
    if (broken.has('log-fsync') && stream.name === 'JOBS') this.#acknowledgeEarly(slowMs);
    kernel.schedule(this.#process, kernel.between(...FSYNC_MS) + slowMs, () => this.#written(write));
  }

  /** Broken: acknowledged, and on the disk only seconds later. */
  #acknowledgeEarly(slowMs: number): void {
    const length = this.streams.JOBS.entries.length + 1;
    this.#parts.kernel.schedule(this.#process, 2_000 + slowMs, () => (this.#onDisk = Math.max(this.#onDisk, length)));
  }

  #written(write: Write): void {
    this.#isWriting = false;
    this.#writes.shift();
    const { position } = this.#store(write);
    write.request.reply({ text: JSON.stringify({ stream: write.stream.name, seq: position }) });
    this.#writeNext();
  }

  #store({ stream, request }: Write): StoredEntry {
    const entry = stream.store(request);
    this.#parts.onStored(stream.name, entry);
    if (stream.name === 'EVENTS') for (const listener of this.#listeners) listener();
    return entry;
  }

  #get(stream: Stream, bytes: Buffer, reply: Reply): void {
    const query = JSON.parse(bytes.toString()) as { seq?: number; next_by_subj?: string; last_by_subj?: string };
    const entry = found(stream, query);
    if (entry === undefined)
      return reply({
        text: JSON.stringify({ error: { code: 404, err_code: 10037, description: 'no message found' } }),
      });
    const { subject, position } = entry;
    const message = { subject, seq: position, data: entry.bytes.toString('base64') };
    reply({ text: JSON.stringify({ message }) });
  }
}

function found(
  stream: Stream,
  { seq = 1, next_by_subj, last_by_subj }: { seq?: number; next_by_subj?: string; last_by_subj?: string },
): StoredEntry | undefined {
  if (last_by_subj !== undefined) return stream.lastOf(last_by_subj);
  return next_by_subj === undefined ? stream.entries[seq - 1] : stream.next(seq, next_by_subj);
}
