// Groups, their users, and their buckets, each level ordered: gives the next bucket, and follows what users are charged meanwhile.
import { Heap } from './heap.ts';
import type { OwnerEntry, OwnerQueue } from './queue-buckets.ts';
import { byScore, type Cursor } from './walk-cursor.ts';
import type { Standing, WalkStandings } from './walk-standings.ts';

/** `used` is what the node was ordered by; its standing may have grown since. */
interface Node {
  readonly standing: Standing;
  /** Decides between equals: the order of the oldest job that waits. */
  readonly oldest: number;
  used: number;
}

interface UserNode extends Node {
  /** Looked into only once it is the user's turn. */
  readonly queues: OwnerQueue[];
  readonly moved: Cursor[];
  cursors: Heap<Cursor> | null;
}

interface GroupNode extends Node {
  readonly users: Map<string, UserNode>;
  heap: Heap<UserNode> | null;
}

/** The order of the oldest job of each group and user. */
export type Oldest = ReadonlyMap<string, number>;

export class OwnerTree {
  readonly #standings: WalkStandings;
  readonly #oldest: Oldest;
  readonly #open: (queue: OwnerQueue) => Cursor[];
  readonly #groups = new Map<string, GroupNode>();
  readonly #users = new Map<OwnerEntry, UserNode>();
  #heap: Heap<GroupNode> | null = null;
  /** Whose cursor was given last. */
  #user: UserNode | null = null;

  constructor(standings: WalkStandings, oldest: Oldest, open: (queue: OwnerQueue) => Cursor[]) {
    this.#standings = standings;
    this.#oldest = oldest;
    this.#open = open;
  }

  /** Before the first `peek`. */
  add(queue: OwnerQueue): void {
    this.#userOf(queue).queues.push(queue);
  }

  /** One that comes from another tree; before the first `peek`. */
  move(cursor: Cursor): void {
    this.#userOf(cursor.bucket.queue.parent).moved.push(cursor);
  }

  peek(): Cursor | null {
    const groups = (this.#heap ??= new Heap([...this.#groups.values()], byStanding));
    for (let group = groups.top; group; group = groups.top) {
      if (isSettled(group, groups)) {
        group.heap ??= new Heap([...group.users.values()], byStanding);
        const cursor = this.#peekUsers(group.heap);
        if (cursor) return cursor;
        groups.dropTop();
      }
    }
    return null;
  }

  /** After the bucket that was given last has moved on to its next job. */
  settle(): void {
    const cursors = this.#user?.cursors;
    if (cursors?.top?.job) cursors.settleTop();
    else cursors?.dropTop();
  }

  drop(): void {
    this.#user?.cursors?.dropTop();
  }

  #peekUsers(users: Heap<UserNode>): Cursor | null {
    for (let user = users.top; user; user = users.top) {
      if (isSettled(user, users)) {
        const opened = (user.cursors ??= new Heap([...user.moved, ...user.queues.flatMap(this.#open)], byScore));
        if (opened.top) {
          this.#user = user;
          return opened.top;
        }
        users.dropTop();
      }
    }
    return null;
  }

  #userOf({ entry }: OwnerQueue): UserNode {
    let user = this.#users.get(entry);
    if (!user) this.#users.set(entry, (user = this.#newUser(entry)));
    return user;
  }

  #newUser(entry: OwnerEntry): UserNode {
    const standing = this.#standings.of(entry);
    let group = this.#groups.get(standing.group.key);
    if (!group) {
      group = { ...this.#node(standing.group), users: new Map(), heap: null };
      this.#groups.set(standing.group.key, group);
    }
    let user = group.users.get(standing.user.key);
    if (!user) {
      user = { ...this.#node(standing.user), queues: [], moved: [], cursors: null };
      group.users.set(standing.user.key, user);
    }
    return user;
  }

  #node(standing: Standing): Node {
    return { standing, used: standing.used, oldest: this.#oldest.get(standing.key) ?? 0 };
  }
}

/** Puts the top where it belongs if it has been charged since; use only grows, so nobody else can have come before it. */
function isSettled<T extends Node>(node: T, heap: Heap<T>): boolean {
  if (node.used === node.standing.used) return true;
  node.used = node.standing.used;
  heap.settleTop();
  return false;
}

/** Less used goes first. */
export function byStanding(a: Node, b: Node): number {
  if (a.used !== b.used) return a.used - b.used;
  if (a.oldest !== b.oldest) return a.oldest - b.oldest;
  return a.standing.key < b.standing.key ? -1 : Number(a.standing.key > b.standing.key);
}
