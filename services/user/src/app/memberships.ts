// Which groups each user is in, in memory: asked for with every request that carries a token.
import type { GroupEvent } from '@baton/contracts';
import { evolveGroup, type GroupState, initialGroup, membersOf } from '../domain/group.ts';
import type { MirroredCommit, Versioned } from './mirror.ts';

export class Memberships {
  readonly #groups = new Map<string, Versioned<GroupState>>();
  readonly #groupsOf = new Map<string, Set<string>>();

  groupsOf(userId: string): string[] {
    return [...(this.#groupsOf.get(userId) ?? [])].toSorted();
  }

  /** A state that this process has just written; an older one than known is ignored. */
  put(id: string, next: Versioned<GroupState>): void {
    const known = this.#groups.get(id);
    if (known && known.revision >= next.revision) return;
    this.#groups.set(id, next);
    for (const userId of known ? membersOf(known.state) : []) this.#groupsOf.get(userId)?.delete(id);
    for (const userId of membersOf(next.state)) {
      const groups = this.#groupsOf.get(userId) ?? new Set();
      this.#groupsOf.set(userId, groups.add(id));
    }
  }

  /** Every commit of every group from the log's beginning, in order. */
  follow({ id, revision, events }: MirroredCommit<GroupEvent>): void {
    const known = this.#groups.get(id);
    if (known && known.revision >= revision) return;
    this.put(id, { state: events.reduce(evolveGroup, known?.state ?? initialGroup), revision });
  }
}
