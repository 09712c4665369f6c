// Which leavings have had their time: by age, and by how much there is of a group's. Jobs are looked at from the newest to the oldest.
import type { Policy, RemovalReason, RetainedContent } from '@baton/contracts';

export interface Leavings {
  readonly jobId: string;
  readonly jobName: string;
  readonly ownerId: string;
  readonly groupId: string | null;
  readonly endedAt: number;
  /** Of whole outputs, and of metrics as they were sent; 0 where that is not known. */
  readonly bytes: Readonly<Record<RetainedContent, number>>;
  /** What was not removed before. */
  readonly kept: readonly RetainedContent[];
}

export interface Expired extends Omit<Leavings, 'kept' | 'bytes'> {
  readonly what: RetainedContent;
  readonly reason: RemovalReason;
  readonly sizeBytes: number;
}

type Rules = NonNullable<Policy['retention']>;
type Rule = NonNullable<Rules['output']>;

export class Expiry {
  readonly #rules: Rules;
  readonly #now: number;
  /** What is kept so far, of each group, or of each user's jobs that are of none. */
  readonly #keptBytes = { output: new Map<string, number>(), metrics: new Map<string, number>() };

  constructor(rules: Rules, now: number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Of the next older job: what of it is to go. */
  next(leavings: Leavings): Expired[] {
    const { kept, bytes, ...job } = leavings;
    const expired: Expired[] = [];
    for (const what of kept) {
      const reason = this.#reason(what, leavings);
      if (reason !== null) expired.push({ ...job, what, reason, sizeBytes: bytes[what] });
    }
    return expired;
  }

  #reason(what: RetainedContent, { endedAt, bytes, groupId, ownerId }: Leavings): RemovalReason | null {
    const rule = this.#ruleOf(groupId, what);
    if (rule === undefined) return null;
    if (rule.keepForMs !== undefined && endedAt + rule.keepForMs < this.#now) return 'age';
    if (rule.keepBytes === undefined) return null;
    const kept = this.#keptBytes[what];
    const owner = groupId ?? ownerId;
    const sum = (kept.get(owner) ?? 0) + bytes[what];
    kept.set(owner, sum);
    // Of a job that wrote nothing, nothing is won.
    return sum > rule.keepBytes && bytes[what] > 0 ? 'size' : null;
  }

  /** A group's own rule takes the place of the default. */
  #ruleOf(groupId: string | null, what: RetainedContent): Rule | undefined {
    const own = groupId === null ? undefined : this.#rules.groups?.[groupId]?.[what];
    return own ?? this.#rules[what];
  }
}
