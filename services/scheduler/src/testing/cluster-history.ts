// Random histories of a cluster: what was done, what stands, and what was done that may not be.
import fc from 'fast-check';
import type { Ask, FoundPlace } from '../domain/schedule/ask.ts';
import { Cluster } from '../domain/schedule/cluster.ts';
import type { Booking, EngineNode, Owner, Reservation, RunningAttempt } from '../domain/schedule/engine-model.ts';
import { anAsk, anAttempt, anEngineNode, gpus, ONE_SLOT } from './cluster-builders.ts';

const OPTIONS = { placement: 'pack', defaultLimitMs: 40 } as const;
const NODE_IDS = ['nod_a', 'nod_b', 'nod_c', 'nod_d'];
const SHAPES = [
  gpus(1),
  gpus(1, { cpus: 3 }),
  gpus(2, { gpuModel: 'big' }),
  gpus(3),
  gpus(4, { memoryBytes: 2 ** 33 }),
  gpus(2, { nodes: 2 }),
  gpus(4, { nodes: 3 }),
  gpus(1, { exclusive: true }),
  gpus(1, { requiredLabels: { room: '1' }, gpuMemoryBytes: 50 }),
  gpus(2, { preferredLabels: { room: '2' } }),
  gpus(1, { nodeId: 'nod_b' }),
  ONE_SLOT,
  gpus(1, { twentieths: 10 }),
  gpus(1, { twentieths: 7 }),
];
/** Those who wait before a job for several devices. */
const WIDE = [gpus(3), gpus(2, { gpuModel: 'big' })];
const OWNERS: readonly [Owner, Owner] = [
  { userId: 'usr_a', groupId: null },
  { userId: 'usr_b', groupId: 'grp_b' },
];

function nodeOf(id: string, variant: number): EngineNode {
  const node = anEngineNode(id, { gpu: 4, cpu: 1 }, { labels: { room: String(NODE_IDS.indexOf(id) % 3) } });
  const devices = node.description.devices.map((device, index) => {
    const isBig = id === 'nod_a' || (id === 'nod_c' && index % 2 === 0);
    const described = { ...device, model: isBig ? 'Big One' : 'small', memoryBytes: isBig ? 80 : 40 };
    return variant === 2 && index === 3 ? { ...described, fault: 'gone' } : described;
  });
  const refuses = variant === 1 ? ('node-unreachable' as const) : null;
  const sharing = id === 'nod_a' || id === 'nod_c' ? { jobsPerDevice: variant === 3 ? 1 : 3 } : {};
  return { id, description: { ...node.description, devices }, refuses, ...sharing };
}

/** What a cluster was told, as it stands; a new one is told the same, in another order. */
class Told {
  readonly nodes = new Map<string, EngineNode>();
  readonly attempts = new Map<string, RunningAttempt>();
  readonly promises = new Map<string, readonly [Ask, Reservation]>();
  bookings: readonly Booking[] = [];

  rebuilt(): Cluster {
    const cluster = new Cluster(OPTIONS);
    cluster.setBookings(this.bookings);
    for (const [ask, reservation] of [...this.promises.values()].toReversed()) cluster.promise(ask, reservation);
    for (const attempt of [...this.attempts.values()].toReversed()) cluster.put(attempt);
    for (const node of [...this.nodes.values()].toReversed()) cluster.putNode(node);
    return cluster;
  }
}

const KINDS = [
  ...(['start', 'start', 'start', 'start', 'line', 'line', 'promise', 'promise', 'forget'] as const),
  ...(['drop', 'drop', 'drop', 'dropPart', 'advance', 'advance', 'advance', 'book', 'node', 'trial', 'trial'] as const),
];

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly pick: number;
  readonly shape: number;
  readonly limitMs: number;
  readonly priority: number;
  readonly owner: number;
}

export const clusterSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    pick: fc.nat(1_000),
    shape: fc.nat(SHAPES.length - 1),
    limitMs: fc.integer({ min: 1, max: 60 }),
    priority: fc.constantFrom(0, 0, 0, 1),
    owner: fc.nat(1),
  }),
  { minLength: 30, maxLength: 150 },
);

export class ClusterHistory {
  /** Starts that nobody should have been given. */
  readonly wrong: string[] = [];
  readonly cluster = new Cluster(OPTIONS);
  readonly told = new Told();
  now = 0;
  #count = 0;

  constructor() {
    for (const id of NODE_IDS) this.#node(nodeOf(id, 0));
  }

  do(step: Step): void {
    const { told, cluster } = this;
    const ask = this.#ask(step);
    const placed = [...told.attempts.values()][step.pick % Math.max(1, told.attempts.size)];
    switch (step.kind) {
      case 'start':
        return this.#start(ask);
      case 'line':
        return this.#join(ask);
      case 'promise': {
        const reservation = cluster.earliest(ask, this.now);
        if (!reservation) return undefined;
        cluster.promise(ask, reservation);
        told.promises.set(ask.jobId, [ask, reservation]);
        return undefined;
      }
      case 'forget': {
        const id = [...told.promises.keys()][step.pick % Math.max(1, told.promises.size)] ?? 'nobody';
        cluster.forget(id);
        told.promises.delete(id);
        return undefined;
      }
      case 'drop':
        if (placed) this.#drop(placed);
        return undefined;
      case 'dropPart':
        if (placed) this.#dropPart(placed, step.pick);
        return undefined;
      case 'advance':
        this.now += step.pick % 20;
        return undefined;
      case 'book':
        return this.#book(step);
      case 'node':
        return this.#node(nodeOf(NODE_IDS[step.pick % 4] ?? '', step.shape % 4));
      case 'trial':
        return this.#tryOut(step);
      default:
        return step.kind satisfies never;
    }
  }

  /** All that can be asked. */
  answers(cluster: Cluster): unknown {
    const asks = SHAPES.flatMap((shape, index) => [
      anAsk('job_x', shape, { limitMs: 10 + index, owner: OWNERS[index % 2 === 0 ? 0 : 1] }),
      anAsk('job_y', shape, { limitMs: 50, priority: index % 2 }),
    ]);
    const own = [...this.told.promises.values()].map(([ask]) => ask);
    return {
      held: NODE_IDS.map((id) => [...cluster.held(id)].toSorted(([one], [other]) => (one < other ? -1 : 1))),
      asks: [...asks, ...own].map((ask) => ({
        find: cluster.find(ask, this.now),
        earliest: cluster.earliest(ask, this.now),
        line: cluster.line(ask, this.now),
        lineBehindWide: cluster.line(ask, this.now, cluster.widthsAhead(WIDE)),
        whyNot: cluster.whyNot(ask, this.now),
        never: cluster.whyNever(ask.shape),
      })),
      keeps: own.map(({ jobId }) => cluster.keeps(jobId, this.now)),
    };
  }

  #ask({ shape, limitMs, priority, owner }: Step): Ask {
    this.#count += 1;
    const change = { limitMs, priority, owner: OWNERS[owner === 0 ? 0 : 1], graceMs: 3 };
    return anAsk(`job_${this.#count}`, SHAPES[shape] ?? ONE_SLOT, change);
  }

  #put(attempt: RunningAttempt): void {
    this.cluster.put(attempt);
    this.told.attempts.set(attempt.job.id, attempt);
    this.told.promises.delete(attempt.job.id);
  }

  #start(ask: Ask): void {
    const found = this.cluster.find(ask, this.now);
    if (!('places' in found)) return;
    if (found.places.length !== ask.shape.nodes) this.wrong.push(`${ask.jobId}: not all of its nodes`);
    for (const place of found.places) {
      if (place.devices.length !== ask.shape.devices) this.wrong.push(`${ask.jobId}: not all of its devices`);
      const twice = place.devices.filter((id) => !this.#hasRoom(ask, place.nodeId, id));
      if (twice.length > 0) this.wrong.push(`${ask.jobId}: ${twice.join(', ')} given twice`);
      if (this.told.bookings.some((booking) => this.#isInto(booking, ask, place)))
        this.wrong.push(`${ask.jobId}: into a booking`);
    }
    this.#put(anAttempt(ask, found.places, { since: this.now, placedAt: this.#count }));
  }

  #hasRoom({ shape: { twentieths } }: Ask, nodeId: string, device: string): boolean {
    const beside = this.cluster.sharers(nodeId).get(device);
    if (beside === undefined || twentieths === undefined) return !this.cluster.held(nodeId).has(device);
    return beside.length < 3 && beside.reduce((sum, other) => sum + other.twentieths, twentieths) <= 20;
  }

  #isInto(booking: Booking, ask: Ask, { nodeId, devices }: FoundPlace): boolean {
    if (booking.nodeId !== nodeId || booking.userIds.includes(ask.owner.userId)) return false;
    const isThen = booking.from < this.now + ask.limitMs + ask.graceMs && booking.until > this.now;
    return isThen && devices.some((id) => booking.devices?.includes(id) ?? true);
  }

  #join(ask: Ask): void {
    const line = this.cluster.line(ask, this.now);
    if (!line) return;
    const waiting = { count: line.behind.count, pool: line.behind.pool, isRevoking: false };
    const parts = [{ nodeId: line.nodeId, devices: line.devices }];
    this.#put(anAttempt(ask, parts, { since: null, waiting, placedAt: this.#count }));
  }

  #drop({ job }: RunningAttempt): void {
    this.cluster.drop(job.id);
    this.told.attempts.delete(job.id);
  }

  #dropPart(attempt: RunningAttempt, pick: number): void {
    const nodeId = attempt.parts[pick % attempt.parts.length]?.nodeId ?? '';
    this.cluster.dropPart(attempt.job.id, nodeId);
    const parts = attempt.parts.filter((part) => part.nodeId !== nodeId);
    if (parts.length === 0) this.told.attempts.delete(attempt.job.id);
    else this.told.attempts.set(attempt.job.id, { ...attempt, parts });
  }

  #book({ pick, limitMs, owner, shape }: Step): void {
    const from = this.now + (pick % 30);
    const booking: Booking = {
      id: `bkg_${pick}`,
      nodeId: NODE_IDS[pick % 4] ?? '',
      devices: shape % 2 === 0 ? null : [`gpu-${shape % 4}`],
      from,
      until: from + limitMs,
      userIds: owner === 0 ? [] : ['usr_b'],
      groupIds: [],
    };
    this.told.bookings = pick % 3 === 0 ? [] : [...this.told.bookings.slice(-1), booking];
    this.cluster.setBookings(this.told.bookings);
  }

  #node(node: EngineNode): void {
    this.cluster.putNode(node);
    this.told.nodes.set(node.id, node);
  }

  /** Whatever is done inside, and inside of that, is undone. */
  #tryOut(step: Step): void {
    const { cluster } = this;
    cluster.trial(() => {
      for (const { job } of [...this.told.attempts.values()].slice(0, step.pick % 3)) cluster.drop(job.id);
      const ask = this.#ask(step);
      const found = cluster.find(ask, this.now);
      if ('places' in found) cluster.put(anAttempt(ask, found.places, { since: this.now }));
      cluster.trial(() => {
        cluster.putNode(nodeOf('nod_e', 0));
        cluster.removeNode('nod_a');
        cluster.setBookings([]);
        for (const id of this.told.promises.keys()) cluster.forget(id);
        this.answers(cluster);
      });
      const reservation = cluster.earliest(anAsk('job_z', ask.shape), this.now);
      if (reservation) cluster.promise(anAsk('job_z', ask.shape), reservation);
      this.answers(cluster);
    });
  }
}
