// How owners stand to each other within one walk: what they have used, and what the walk itself gives them.
import type { EngineShape, Owner } from './engine-model.ts';
import { groupShare, type UsageLedger, userShare } from './fair-share.ts';
import type { OrderContext } from './ordering.ts';
import type { OwnerEntry } from './queue-buckets.ts';
import type { QuotaBook } from './quotas.ts';

/** What the order of the queue depends on, beside the queue. */
export interface OrderView extends OrderContext {
  readonly usage: Pick<UsageLedger, 'usageOf' | 'usedBy'>;
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

/** Where the order does not ask who a job belongs to, all stand alike. */
const ANYBODY: Standing = { key: '', share: 1, used: 0 };

export class WalkStandings {
  readonly isByOwner: boolean;
  readonly #view: OrderView;
  readonly #users = new Map<string, Standing>();
  readonly #groups = new Map<string, Standing>();

  constructor(view: OrderView) {
    this.#view = view;
    this.isByOwner = view.policy.order === 'fair-share';
  }

  groupOf({ owner, groupKey }: OwnerEntry): Standing {
    if (!this.isByOwner) return ANYBODY;
    let standing = this.#groups.get(groupKey);
    if (!standing) {
      const { policy, usage, now } = this.#view;
      const share = groupShare(owner, policy.fairShare);
      this.#groups.set(groupKey, (standing = { key: groupKey, share, used: usage.usedBy(groupKey, now) / share }));
    }
    return standing;
  }

  /** Inside the group. */
  userOf({ owner, key }: OwnerEntry): Standing {
    if (!this.isByOwner) return ANYBODY;
    let standing = this.#users.get(key);
    if (!standing) {
      const { policy, usage, now } = this.#view;
      const share = userShare(owner, policy.fairShare);
      this.#users.set(key, (standing = { key, share, used: usage.usedBy(key, now) / share }));
    }
    return standing;
  }

  charge(entry: OwnerEntry, deviceMs: number): void {
    if (!this.isByOwner) return;
    for (const standing of [this.groupOf(entry), this.userOf(entry)]) standing.used += deviceMs / standing.share;
  }

  isBelowGuarantee(owner: Owner): boolean {
    return this.#view.quotas.isBelowGuarantee(owner);
  }

  get hasGuarantees(): boolean {
    return this.#view.policy.quotas.some(({ guaranteedGpus }) => guaranteedGpus !== undefined);
  }
}
