// Who may start or queue how much: quotas by user and by group, and what counts against them.
import { partOf, type Policy, type Quota, TWENTIETHS_OF_DEVICE } from '@baton/contracts';
import type { EngineShape, Owner } from './engine-model.ts';
import { allTwentieths } from './engine-shape.ts';

type Limit = 'hardGpus' | 'hardCpuSlots' | 'runningJobs' | 'queuedJobs';

export interface QuotaRefusal {
  readonly code: 'user-quota' | 'group-quota';
  readonly limit: Limit;
  /** Now; with what is asked for it would be more than `of`. */
  readonly used: number;
  readonly of: number;
}

/** Devices are counted in twentieths: sums of parts are exact. */
type Counts = Readonly<Record<Limit, number>>;
type Change = Partial<Counts>;
const NO_COUNTS: Counts = { hardGpus: 0, hardCpuSlots: 0, runningJobs: 0, queuedJobs: 0 };
const LIMITS = ['hardGpus', 'hardCpuSlots', 'runningJobs', 'queuedJobs'] as const;

/** A user or a group, with the quota that holds for it. */
interface Account {
  readonly code: QuotaRefusal['code'];
  readonly key: string;
  readonly quota: Quota | undefined;
}

export class QuotaBook {
  readonly #counts = new Map<string, Counts>();
  readonly #under: QuotaBook | null;
  #quotas: ReadonlyMap<string, Quota>;

  constructor(quotas: Policy['quotas'], under: QuotaBook | null = null) {
    this.#quotas = byKey(quotas);
    this.#under = under;
  }

  /** To plan with: what is counted in it is not counted in this one. Cheap; valid until this one changes. */
  onPaper(): QuotaBook {
    const paper = new QuotaBook([], this);
    paper.#quotas = this.#quotas;
    return paper;
  }

  /** False: nobody is refused anything. */
  get areAny(): boolean {
    return this.#quotas.size > 0;
  }

  /** What runs stays, even where it is more than the new quotas allow; nothing more starts then. */
  setQuotas(quotas: Policy['quotas']): void {
    this.#quotas = byKey(quotas);
  }

  started(owner: Owner, shape: EngineShape): void {
    this.#add(owner, needOf(shape), 1);
  }

  ended(owner: Owner, shape: EngineShape): void {
    this.#add(owner, needOf(shape), -1);
  }

  queued(owner: Owner, count = 1): void {
    this.#add(owner, { queuedJobs: count }, 1);
  }

  dequeued(owner: Owner, count = 1): void {
    this.#add(owner, { queuedJobs: count }, -1);
  }

  mayStart(owner: Owner, shape: EngineShape): QuotaRefusal | null {
    return this.#refusal(owner, needOf(shape));
  }

  mayQueue(owner: Owner, count = 1): QuotaRefusal | null {
    return this.#refusal(owner, { queuedJobs: count });
  }

  /** Fewer GPUs run than are guaranteed to the user, or to the group. */
  isBelowGuarantee(owner: Owner): boolean {
    if (!this.areAny) return false;
    return this.#accounts(owner).some(
      ({ key, quota }) =>
        quota?.guaranteedGpus !== undefined && this.#countsOf(key).hardGpus < inTwentieths(quota.guaranteedGpus),
    );
  }

  /** What it runs may be reclaimed: neither the user nor the group is within what is guaranteed. Without a guarantee that is all. */
  isAboveGuarantee(owner: Owner): boolean {
    return this.#accounts(owner).every(
      ({ key, quota }) => this.#countsOf(key).hardGpus > inTwentieths(quota?.guaranteedGpus ?? 0),
    );
  }

  #refusal(owner: Owner, change: Change): QuotaRefusal | null {
    if (!this.areAny) return null;
    for (const { code, key, quota } of this.#accounts(owner)) {
      const counts = this.#countsOf(key);
      for (const limit of LIMITS) {
        const [asked, of] = [change[limit] ?? 0, quota?.[limit]];
        if (of !== undefined && asked > 0 && counts[limit] + asked > (isOfDevices(limit) ? inTwentieths(of) : of))
          return { code, limit, used: isOfDevices(limit) ? partOf(counts[limit]) : counts[limit], of };
      }
    }
    return null;
  }

  #add(owner: Owner, change: Change, sign: 1 | -1): void {
    for (const { key } of this.#accounts(owner)) {
      const counts = { ...this.#countsOf(key) };
      for (const limit of LIMITS) counts[limit] += sign * (change[limit] ?? 0);
      if (this.#under === null && LIMITS.every((limit) => counts[limit] === 0)) this.#counts.delete(key);
      else this.#counts.set(key, counts);
    }
  }

  #countsOf(key: string): Counts {
    return this.#counts.get(key) ?? (this.#under === null ? NO_COUNTS : this.#under.#countsOf(key));
  }

  #accounts({ userId, groupId }: Owner): Account[] {
    const [user, group] = [`user/${userId}`, `group/${groupId}`];
    const ofUser = {
      code: 'user-quota',
      key: user,
      quota: this.#quotas.get(user) ?? this.#quotas.get(EACH.user),
    } as const;
    if (groupId === null) return [ofUser];
    return [
      ofUser,
      { code: 'group-quota', key: group, quota: this.#quotas.get(group) ?? this.#quotas.get(EACH.group) },
    ];
  }
}

const EACH = { user: 'each/user', group: 'each/group' } as const;

/** The first of several for the same counts. */
function byKey(quotas: Policy['quotas']): ReadonlyMap<string, Quota> {
  return new Map(quotas.toReversed().map((quota) => [keyOf(quota.of), quota]));
}

function keyOf(of: Quota['of']): string {
  if ('userId' in of) return `user/${of.userId}`;
  if ('groupId' in of) return `group/${of.groupId}`;
  return EACH[of.each];
}

function isOfDevices(limit: Limit): boolean {
  return limit === 'hardGpus' || limit === 'hardCpuSlots';
}

function inTwentieths(devices: number): number {
  return devices * TWENTIETHS_OF_DEVICE;
}

function needOf(shape: EngineShape): Change {
  const twentieths = allTwentieths(shape);
  const devices = shape.deviceKind === 'gpu' ? { hardGpus: twentieths } : { hardCpuSlots: twentieths };
  return { ...devices, runningJobs: 1 };
}
