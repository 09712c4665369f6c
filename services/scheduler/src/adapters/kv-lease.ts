// The leader's lease in a KV bucket. It only spares two schedulers from fighting: the fence is the log's own expectation.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Lease } from '../app/leadership.ts';

const BUCKET = 'LEADERS';
const KEY = 'scheduler';
/** A lease that nobody has renewed for this long may be taken. */
const TTL_MS = 5_000;
const RENEW_MS = 1_500;

/** What of the bucket it takes. */
export type LeaseBucket = Pick<KV, 'get' | 'create' | 'update' | 'delete'>;

interface LeaseValue {
  readonly holder: string;
  /** Of the process: two may have been given one name. */
  readonly instance: string;
  readonly term: number;
}

export interface KvLeaseOptions {
  readonly connection: NatsConnection;
  /** Name of this scheduler: started again, it takes its own lease over at once. */
  readonly holder: string;
}

export async function openKvLease({ connection, holder }: KvLeaseOptions): Promise<KvLease> {
  const kv = await new Kvm(connection).create(BUCKET, { history: 1 });
  return new KvLease(kv, holder);
}

export class KvLease implements Lease {
  readonly #kv: LeaseBucket;
  readonly #holder: string;
  readonly #instance = randomUUID();
  #hasHeld = false;
  #overlapMs = 0;
  #revision = 0;
  #term = 0;
  #vacantSince: number | null = null;
  /** By `performance.now()`: others wait at least as long as this since they saw the last renewal. */
  #heldUntil = -Infinity;
  #lost = Promise.withResolvers<void>();
  #renewal: NodeJS.Timeout | undefined;

  constructor(kv: LeaseBucket, holder: string) {
    this.#kv = kv;
    this.#holder = holder;
  }

  async acquire(signal: AbortSignal): Promise<number> {
    clearInterval(this.#renewal);
    while (!(await this.#tryTake(signal))) signal.throwIfAborted();
    return this.#term - 1;
  }

  /** False: somebody else has it, or was quicker. */
  async #tryTake(signal: AbortSignal): Promise<boolean> {
    const found = foundIn(await this.#kv.get(KEY));
    const { value, revision } = found;
    const isFormer = this.#isFormer(value);
    const isFree = isFormer || value === null || value.instance === this.#instance;
    if (!isFree && !(await this.#stale(revision, signal))) return false;
    if (!(await this.#take(found))) {
      await sleep(100, undefined, { signal });
      return false;
    }
    this.#overlapMs = isFormer ? TTL_MS : 0;
    return true;
  }

  /** Of what ran before this process under its name, and may run on where it was started twice. */
  #isFormer(value: LeaseValue | null): boolean {
    return !this.#hasHeld && value?.holder === this.#holder;
  }

  /** Whether nobody renews the lease for its whole time, by this process's own clock. */
  async #stale(revision: number, signal: AbortSignal): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < TTL_MS; waitedMs += 500) {
      await sleep(500, undefined, { signal });
      if ((await this.#kv.get(KEY))?.revision !== revision) return false;
    }
    return true;
  }

  async #take({ value, revision, createdAt }: Found): Promise<boolean> {
    this.#term = (value?.term ?? 0) + 1;
    try {
      this.#revision = await this.#write(revision);
    } catch {
      return false; // Another instance was quicker.
    }
    this.#hasHeld = true;
    this.#vacantSince = createdAt;
    this.#lost = Promise.withResolvers<void>();
    this.#renewal = setInterval(() => void this.#renew(), RENEW_MS);
    return true;
  }

  async #write(revision: number): Promise<number> {
    const value: LeaseValue = { holder: this.#holder, instance: this.#instance, term: this.#term };
    const text = JSON.stringify(value);
    const askedAt = performance.now();
    const written = await (revision === 0 ? this.#kv.create(KEY, text) : this.#kv.update(KEY, text, revision));
    this.#heldUntil = askedAt + TTL_MS;
    return written;
  }

  isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** A renewal that fails because the server is away is tried again; one that somebody else's write forbids is the end. */
  async #renew(): Promise<void> {
    try {
      this.#revision = await this.#write(this.#revision);
    } catch {
      const entry = await this.#kv.get(KEY).catch(() => undefined);
      if (entry === undefined) return;
      if (entry !== null && leaseOf(entry)?.instance === this.#instance) this.#revision = entry.revision;
      else this.#give();
    }
  }

  overlapMs(): number {
    return this.#overlapMs;
  }

  #give(): void {
    clearInterval(this.#renewal);
    this.#heldUntil = -Infinity;
    this.#lost.resolve();
  }

  /** When it was renewed last or given up, before this instance took it; null if it was never held. By the server's clock. */
  vacantSince(): number | null {
    return this.#vacantSince;
  }

  lost(): Promise<void> {
    return this.#lost.promise;
  }

  /** Nobody else waits for it in vain: an orderly stop hands it over at once. */
  async release(): Promise<void> {
    this.#give();
    await this.#kv.delete(KEY).catch(() => undefined);
  }
}

/** What the bucket holds. */
interface Found {
  /** Null if nobody has it: it was given up in order, or never taken. */
  readonly value: LeaseValue | null;
  /** 0: nothing was ever there. */
  readonly revision: number;
  /** By the server's clock; null as before. */
  readonly createdAt: number | null;
}

function foundIn(entry: KvEntry | null): Found {
  if (entry === null) return { value: null, revision: 0, createdAt: null };
  return { value: leaseOf(entry), revision: entry.revision, createdAt: entry.created.getTime() };
}

/** Null if nobody has it: it was given up in order, or never taken. */
function leaseOf(entry: KvEntry | null): LeaseValue | null {
  return entry?.operation === 'PUT' ? entry.json<LeaseValue>() : null;
}
