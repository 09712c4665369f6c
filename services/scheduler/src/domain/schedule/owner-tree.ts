// Groups, their users, and their buckets, each level ordered: gives the next bucket, and follows what users are charged meanwhile.
import { Heap } from './heap.ts';
import type { OwnerEntry, OwnerQueue } from './queue-buckets.ts';
import type { ShapeCursor } from './shape-cursor.ts';
import { byScore, type Cursor } from './walk-cursor.ts';
import type { Standing, WalkStandings } from './walk-standings.ts';

/** `used` is what the node was ordered by; its standing may have grown since. */
interface Node {
  readonly standing: Standing;
  used: number;
}

/** Looked into only once it is the user's turn. */
interface UserNode extends Node {
  readonly queues: OwnerQueue[];
  readonly moved: ShapeCursor[];
  shapes: Heap<ShapeCursor> | null;
}

/** The same for the group: how its users stand to each other is not asked before. */
interface GroupNode extends Node {
  readonly queues: OwnerQueue[];
  readonly moved: ShapeCursor[];
  heap: Heap<UserNode> | null;
}

/** The order of the oldest job of each group and user: asked only where two stand alike. */
export type Oldest = () => ReadonlyMap<string, number>;

export class OwnerTree {
  readonly #standings: WalkStandings;
  readonly #compare: (a: Node, b: Node) => number;
  readonly #open: (queue: OwnerQueue) => ShapeCursor[];
  readonly #groups = new Map<string, GroupNode>();
  #heap: Heap<GroupNode> | null = null;
  /** Whose cursor was given last. */
  #user: UserNode | null = null;

  constructor(standings: WalkStandings, oldest: Oldest, open: (queue: OwnerQueue) => ShapeCursor[]) {
    this.#standings = standings;
    this.#compare = (a, b) => byStanding(a, b, oldest);
    this.#open = open;
  }

  /** Before the first `peek`. */
  add(queue: OwnerQueue): void {
    this.#groupOf(queue.entry).queues.push(queue);
  }

  /** One that comes from another tree; before the first `peek`. */
  move(shape: ShapeCursor): void {
    this.#groupOf(shape.owner).moved.push(shape);
  }

  peek(): Cursor | null {
    const groups = (this.#heap ??= new Heap([...this.#groups.values()], this.#compare));
    for (let group = groups.top; group; group = groups.top) {
      if (isSettled(group, groups)) {
        group.heap ??= new Heap(this.#usersOf(group), this.#compare);
        const cursor = this.#peekUsers(group.heap);
        if (cursor) return cursor;
        groups.dropTop();
      }
    }
    return null;
  }

  /** After the bucket that was given last has moved on to its next job. */
  settle(): void {
    this.#user?.shapes?.top?.settle();
    this.#settleShape();
  }

  /** The bucket that was given last gives no more. */
  drop(): void {
    this.#user?.shapes?.top?.drop();
    this.#settleShape();
  }

  /** All of the shape's jobs that were given last leave the tree. */
  take(): ShapeCursor | undefined {
    const taken = this.#user?.shapes?.top;
    this.#user?.shapes?.dropTop();
    return taken;
  }

  #settleShape(): void {
    const shapes = this.#user?.shapes;
    if (shapes?.top?.standing) shapes.settleTop();
    else shapes?.dropTop();
  }

  #peekUsers(users: Heap<UserNode>): Cursor | null {
    for (let user = users.top; user; user = users.top) {
      if (isSettled(user, users)) {
        const shapes = (user.shapes ??= new Heap([...user.moved, ...user.queues.flatMap(this.#open)], byFirst));
        const cursor = shapes.top?.top;
        if (cursor) {
          this.#user = user;
          return cursor;
        }
        users.dropTop();
      }
    }
    return null;
  }

  #groupOf(entry: OwnerEntry): GroupNode {
    const standing = this.#standings.groupOf(entry);
    let group = this.#groups.get(standing.key);
    if (!group) {
      group = { standing, used: standing.used, queues: [], moved: [], heap: null };
      this.#groups.set(standing.key, group);
    }
    return group;
  }

  #usersOf({ queues, moved }: GroupNode): UserNode[] {
    const users = new Map<string, UserNode>();
    const userOf = (entry: OwnerEntry) => {
      const standing = this.#standings.userOf(entry);
      let user = users.get(standing.key);
      if (!user) {
        user = { standing, used: standing.used, queues: [], moved: [], shapes: null };
        users.set(standing.key, user);
      }
      return user;
    };
    for (const queue of queues) userOf(queue.entry).queues.push(queue);
    for (const shape of moved) userOf(shape.owner).moved.push(shape);
    return [...users.values()];
  }
}

/** Those that have no more jobs have left their heap. */
function byFirst({ standing: a }: ShapeCursor, { standing: b }: ShapeCursor): number {
  return a && b ? byScore(a, b) : Number(!a) - Number(!b);
}

/** Puts the top where it belongs if it has been charged since; use only grows, so nobody else can have come before it. */
function isSettled<T extends Node>(node: T, heap: Heap<T>): boolean {
  if (node.used === node.standing.used) return true;
  node.used = node.standing.used;
  heap.settleTop();
  return false;
}

/** Less used goes first; of equals, whose oldest job came first. */
export function byStanding(a: Node, b: Node, oldest: Oldest): number {
  if (a.used !== b.used) return a.used - b.used;
  const [first, second] = [oldest().get(a.standing.key) ?? 0, oldest().get(b.standing.key) ?? 0];
  if (first !== second) return first - second;
  return a.standing.key < b.standing.key ? -1 : Number(a.standing.key > b.standing.key);
}
