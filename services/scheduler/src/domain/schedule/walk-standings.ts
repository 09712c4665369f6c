// How owners stand to each other within one walk: what they have used, and what the walk itself gives them.
import type { EngineShape, Owner } from './engine-model.ts';
import { groupShare, type UsageLedger, userShare } from './fair-share.ts';
import type { OrderContext } from './ordering.ts';
import type { OwnerEntry } from './queue-buckets.ts';
import type { QuotaBook } from './quotas.ts';

/** What the order of the queue depends on, beside the queue. */
export interface OrderView extends OrderContext {
  readonly usage: Pick<UsageLedger, 'usageOf'>;
  /** May be one on paper, in which the starts of the pass are counted as they are planned. */
  readonly quotas: Pick<QuotaBook, 'isBelowGuarantee'>;
  /** Whether there are whole nodes free now for a job on several. Absent: not asked. */
  readonly isGangReady?: ((shape: EngineShape) => boolean) | undefined;
}

/** Use for the share; it only grows during a walk. */
export interface Standing {
  readonly key: string;
  readonly share: number;
  used: number;
}

export interface OwnerStanding {
  readonly group: Standing;
  readonly user: Standing;
}

const NOBODY: Standing = { key: '', share: 1, used: 0 };
/** Where the order does not ask who a job belongs to, all stand alike. */
const ANYBODY: OwnerStanding = { group: NOBODY, user: NOBODY };

export class WalkStandings {
  readonly isByOwner: boolean;
  readonly #view: OrderView;
  readonly #owners = new Map<OwnerEntry, OwnerStanding>();
  readonly #groups = new Map<string, Standing>();

  constructor(view: OrderView) {
    this.#view = view;
    this.isByOwner = view.policy.order === 'fair-share';
  }

  of(entry: OwnerEntry): OwnerStanding {
    if (!this.isByOwner) return ANYBODY;
    let standing = this.#owners.get(entry);
    if (!standing) this.#owners.set(entry, (standing = this.#read(entry)));
    return standing;
  }

  charge(entry: OwnerEntry, deviceMs: number): void {
    if (!this.isByOwner) return;
    const { group, user } = this.of(entry);
    group.used += deviceMs / group.share;
    user.used += deviceMs / user.share;
  }

  isBelowGuarantee(owner: Owner): boolean {
    return this.#view.quotas.isBelowGuarantee(owner);
  }

  #read({ owner, key, groupKey }: OwnerEntry): OwnerStanding {
    const { policy, usage, now } = this.#view;
    const used = usage.usageOf(owner, now);
    let group = this.#groups.get(groupKey);
    if (!group) {
      const share = groupShare(owner, policy.fairShare);
      this.#groups.set(groupKey, (group = { key: groupKey, share, used: used.group / share }));
    }
    const share = userShare(owner, policy.fairShare);
    return { group, user: { key, share, used: used.user / share } };
  }
}
