// Who has used how much of the devices, the past counting less: by group, and by user inside a group.
import type { Policy } from '@baton/contracts';
import type { Owner } from './engine-model.ts';
import { groupKeyOf, ownerKeyOf } from './owner-key.ts';

export type Shares = Pick<Policy['fairShare'], 'groups' | 'users'>;

/** Decayed device-milliseconds. */
export interface Usage {
  readonly group: number;
  /** Of the user, inside the group. */
  readonly user: number;
}

/** All amounts are `usage * 2^((t - epoch) / halfLife)`: as time passes they all stay as they are. */
interface Account {
  /** Of what has ended. */
  ended: number;
  /** Devices in use now. */
  devices: number;
  /** What is to be taken from `devices` in use since the beginning of time. */
  before: number;
  /** How many jobs run; at none, the two above are 0 without remainder. */
  running: number;
}

interface RunningJob {
  readonly group: string;
  readonly user: string;
  readonly devices: number;
  readonly since: number;
}

export interface LedgerSnapshot {
  readonly halfLifeMs: number;
  readonly epoch: number;
  readonly accounts: readonly (readonly [string, Account])[];
  readonly running: readonly (readonly [string, RunningJob])[];
}

/** The epoch moves before amounts reach 2^256 times what they stand for. */
const MAX_EXPONENT = 256;
/** Below, a time is so long before the epoch that it need not be told from others. */
const MIN_EXPONENT = -700;
/** Device-milliseconds that are forgotten when the epoch moves. */
const NOTHING = 1e-6;

export class UsageLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #running = new Map<string, RunningJob>();
  #halfLifeMs: number;
  #epoch = 0;
  #lastHalfLives = 0;
  #lastWeight = 1;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  static restore(snapshot: LedgerSnapshot): UsageLedger {
    const ledger = new UsageLedger(snapshot.halfLifeMs);
    ledger.#epoch = snapshot.epoch;
    for (const [key, account] of snapshot.accounts) ledger.#accounts.set(key, { ...account });
    for (const [jobId, job] of snapshot.running) ledger.#running.set(jobId, job);
    return ledger;
  }

  /** Plain data, equal for equal ledgers whatever the order in which accounts were opened. */
  snapshot(): LedgerSnapshot {
    const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);
    const accounts = [...this.#accounts].map(([key, account]) => [key, { ...account }] as const);
    return {
      halfLifeMs: this.#halfLifeMs,
      epoch: this.#epoch,
      accounts: accounts.toSorted(byKey),
      running: [...this.#running].toSorted(byKey),
    };
  }

  charge(owner: Owner, deviceMs: number, at: number): void {
    if (deviceMs <= 0) return;
    const amount = deviceMs * this.#weight(at);
    this.#account(groupKeyOf(owner)).ended += amount;
    this.#account(ownerKeyOf(owner)).ended += amount;
  }

  /** From now on it counts by itself, until its end. Of a job that runs already it changes nothing. */
  begin(jobId: string, owner: Owner, devices: number, at: number): void {
    if (this.#running.has(jobId)) return;
    this.#begin(jobId, { group: groupKeyOf(owner), user: ownerKeyOf(owner), devices, since: at });
  }

  /** Whether it has begun, and not ended. */
  counts(jobId: string): boolean {
    return this.#running.has(jobId);
  }

  /** An end before the begin (a clock that was put back) counts nothing. */
  end(jobId: string, at: number): void {
    const job = this.#running.get(jobId);
    if (!job) return;
    const weight = this.#weight(at);
    this.#running.delete(jobId);
    const lasted = Math.max(0, at - job.since);
    // The same as the difference of two `deviceUntil`, without the loss of digits.
    const amount = -job.devices * weight * this.#scaleMs * Math.expm1((-lasted * Math.LN2) / this.#halfLifeMs);
    const before = job.devices * this.#deviceUntil(job.since);
    for (const account of [this.#account(job.group), this.#account(job.user)]) {
      account.ended += amount;
      account.running -= 1;
      account.devices = account.running === 0 ? 0 : account.devices - job.devices;
      account.before = account.running === 0 ? 0 : account.before - before;
    }
  }

  usageOf(owner: Owner, now: number): Usage {
    return { group: this.usedBy(groupKeyOf(owner), now), user: this.usedBy(ownerKeyOf(owner), now) };
  }

  /** Device-milliseconds of a group or a user by its key (`owner-key.ts`), as they count at `now`. */
  usedBy(key: string, now: number): number {
    const weight = this.#weight(now);
    return this.#amount(key, now) / weight;
  }

  /** Negative if `a` has used less for their share than `b`: first of their groups, then inside the group. */
  compare(a: Owner, b: Owner, now: number, shares: Shares): number {
    this.#weight(now);
    const groups =
      this.#amount(groupKeyOf(a), now) / groupShare(a, shares) -
      this.#amount(groupKeyOf(b), now) / groupShare(b, shares);
    if (groups !== 0) return groups;
    return (
      this.#amount(ownerKeyOf(a), now) / userShare(a, shares) - this.#amount(ownerKeyOf(b), now) / userShare(b, shares)
    );
  }

  /** What has been used until `at` decays from then on by the new half-life. */
  setHalfLife(halfLifeMs: number, at: number): void {
    const running = [...this.#running];
    for (const [jobId] of running) this.end(jobId, at);
    this.#rebase(Math.max(at, this.#epoch));
    this.#halfLifeMs = halfLifeMs;
    for (const [jobId, job] of running) this.#begin(jobId, { ...job, since: Math.max(at, job.since) });
  }

  /** Device-milliseconds of one device that is in use since ever. */
  get #scaleMs(): number {
    return this.#halfLifeMs / Math.LN2;
  }

  #begin(jobId: string, job: RunningJob): void {
    const before = job.devices * this.#deviceUntil(job.since);
    for (const account of [this.#account(job.group), this.#account(job.user)]) {
      account.devices += job.devices;
      account.before += before;
      account.running += 1;
    }
    this.#running.set(jobId, job);
  }

  #deviceUntil(at: number): number {
    return this.#scaleMs * this.#weight(at);
  }

  #weight(at: number): number {
    if (at - this.#epoch > MAX_EXPONENT * this.#halfLifeMs) this.#rebase(at);
    const halfLives = Math.max(MIN_EXPONENT, (at - this.#epoch) / this.#halfLifeMs);
    // Asked for each user at one and the same time.
    if (halfLives !== this.#lastHalfLives) {
      this.#lastHalfLives = halfLives;
      this.#lastWeight = 2 ** halfLives;
    }
    return this.#lastWeight;
  }

  #rebase(epoch: number): void {
    const factor = 2 ** ((this.#epoch - epoch) / this.#halfLifeMs);
    this.#epoch = epoch;
    for (const [key, account] of this.#accounts) {
      account.ended *= factor;
      if (account.running === 0 && account.ended < NOTHING) this.#accounts.delete(key);
    }
    this.#recount();
  }

  /** What depends on the epoch, of all that runs. */
  #recount(): void {
    for (const account of this.#accounts.values()) account.before = 0;
    for (const job of this.#running.values()) {
      const before = job.devices * this.#deviceUntil(job.since);
      this.#account(job.group).before += before;
      this.#account(job.user).before += before;
    }
  }

  #amount(key: string, now: number): number {
    const account = this.#accounts.get(key);
    if (!account) return 0;
    return account.ended + Math.max(0, account.devices * this.#deviceUntil(now) - account.before);
  }

  #account(key: string): Account {
    let account = this.#accounts.get(key);
    if (!account) {
      account = { ended: 0, devices: 0, before: 0, running: 0 };
      this.#accounts.set(key, account);
    }
    return account;
  }
}

/** Of its group among the groups; of a user without one among the groups, too. */
export function groupShare(owner: Owner, shares: Shares): number {
  return shares.groups[owner.groupId ?? owner.userId] ?? 1;
}

/** Of a user inside the group. */
export function userShare(owner: Owner, shares: Shares): number {
  return owner.groupId === null ? 1 : (shares.users[owner.userId] ?? 1);
}
