// Who leads: takes the lease, rebuilds from the log, leads until the lease or the log says that another does, and again.
import { PlatformError } from '@baton/errors';
import type { Leader } from './leader.ts';

/**
 * Whoever led before may have been asleep, and have written once more after this instance had read the log to its end. Where this one has
 * nothing to write, nothing else tells it.
 */
const LOOK_MS = 1_000;

export interface Lease {
  /** Waits until the lease is this instance's; gives the highest term it knows of. */
  acquire(signal: AbortSignal): Promise<number>;
  /** Whether nobody else can have it now, by a clock that nobody can set: this process may have slept, or be cut off. */
  isHeld(): boolean;
  /** So long after it was acquired, whoever had it before may take itself for the holder; 0 where that was waited for. */
  overlapMs(): number;
  /** Resolves when the lease is lost or given up. */
  lost(): Promise<void>;
  release(): Promise<void>;
}

export interface LeadershipPorts {
  readonly lease: Lease;
  readonly newLeader: () => Leader;
  /** Resolves when a write was rejected: another leader has written. */
  readonly logLost: () => Promise<void>;
  readonly report: (error: unknown, where: string) => void;
}

export class Leadership {
  readonly #ports: LeadershipPorts;
  #leader: Leader | null = null;
  #onLead: ((leader: Leader) => void)[] = [];

  constructor(ports: LeadershipPorts) {
    this.#ports = ports;
  }

  /** The leader, or `unavailable` while this instance does not lead. */
  leader(): Leader {
    if (this.#leader) return this.#leader;
    throw new PlatformError('unavailable', 'The scheduler is starting. Try again in a moment.', { retryAfterMs: 500 });
  }

  /** Whether this instance leads beyond doubt: no other one has begun to. */
  isSure(): boolean {
    return this.#leader !== null && this.#ports.lease.isHeld();
  }

  /** So long after it began to lead, whoever led before may think that it still does. */
  overlapMs(): number {
    return this.#ports.lease.overlapMs();
  }

  current(): Leader | null {
    return this.#leader;
  }

  /** Called each time that this instance begins to lead. */
  onLead(listener: (leader: Leader) => void): void {
    this.#onLead.push(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#lead(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#ports.report(error, 'leadership');
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const term = await this.#ports.lease.acquire(signal);
    const leader = this.#ports.newLeader();
    await leader.rebuild(term);
    if (signal.aborted) return;
    this.#leader = leader;
    for (const listener of this.#onLead) listener(leader);
    leader.kick();
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const looking = setInterval(() => void leader.confirmed().catch(() => {}), LOOK_MS);
    await Promise.race([this.#ports.lease.lost(), this.#ports.logLost(), stopped]);
    clearInterval(looking);
    this.#leader = null;
    leader.stop();
    if (signal.aborted) await this.#ports.lease.release();
  }
}
