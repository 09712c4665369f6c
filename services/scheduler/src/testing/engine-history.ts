// Random histories of an engine: what happens to it step by step, with a plan after each that is looked at and carried out.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import fc from 'fast-check';
import type { Owner, Plan, WaitingJob } from '../domain/schedule/engine-model.ts';
import { ONE_SLOT } from './cluster-builders.ts';
import { NODES, type Stock, WHOLE } from './engine-stock.ts';
import { EngineWorld } from './engine-world.ts';
import { faultsOf } from './plan-faults.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const OWNERS: readonly Owner[] = [
  { userId: 'usr_a', groupId: null },
  { userId: 'usr_b', groupId: 'grp_x' },
  { userId: 'usr_c', groupId: 'grp_x' },
];

const BASE: Policy = {
  ...DEFAULT_POLICY,
  backfill: { enabled: true, reservations: 2, reserveFor: 'overdue', defaultTimeLimitMs: 60 * SECOND },
  promoteAfterMs: 120 * SECOND,
  preemption: { by: 'class', minRunMs: 3 * SECOND },
};
export const POLICIES = {
  usual: BASE,
  first: { ...BASE, backfill: { ...BASE.backfill, reserveFor: 'first' } },
  one: { ...BASE, backfill: { ...BASE.backfill, reserveFor: 'first', reservations: 1 } },
  withoutLines: { ...BASE, handOff: { ...BASE.handOff, enabled: false } },
  fifo: { ...BASE, order: 'fifo', backfill: { ...BASE.backfill, enabled: false } },
  spread: { ...BASE, order: 'shortest', placement: 'spread' },
  quotas: {
    ...BASE,
    quotas: [
      { of: { userId: 'usr_a' }, hardGpus: 3, hardCpuSlots: 1 },
      { of: { groupId: 'grp_x' }, hardGpus: 5, runningJobs: 4 },
    ],
  },
  guarantees: {
    ...BASE,
    quotas: [
      { of: { userId: 'usr_a' }, guaranteedGpus: 4 },
      { of: { groupId: 'grp_x' }, guaranteedGpus: 2 },
    ],
  },
  byOrder: { ...BASE, preemption: { ...BASE.preemption, by: 'order' } },
  byOrderWithoutLines: {
    ...BASE,
    preemption: { ...BASE.preemption, by: 'order' },
    handOff: { ...BASE.handOff, enabled: false },
  },
  byService: {
    ...BASE,
    order: 'las',
    preemption: { ...BASE.preemption, by: 'order' },
    lasThresholdsDeviceSeconds: [5, 20, 60],
  },
  byOrderWithQuotas: {
    ...BASE,
    preemption: { ...BASE.preemption, by: 'order' },
    quotas: [
      { of: { userId: 'usr_a' }, hardGpus: 4, guaranteedGpus: 2 },
      { of: { groupId: 'grp_x' }, guaranteedGpus: 3, runningJobs: 4 },
    ],
  },
} as const satisfies Record<string, Policy>;

interface Step {
  readonly kind: string;
  readonly pick: number;
  readonly shape: number;
  readonly owner: number;
  readonly className: string;
  readonly limit: number | null;
  readonly used: number;
  readonly keeps: boolean;
}

const CALM = ['arrive', 'arrive', 'arrive', 'arrive', 'arrive', 'advance', 'advance', 'end', 'cancel', 'answer'];
const WILD = [
  ...CALM,
  ...CALM,
  'share',
  'retry',
  'cordon',
  'silence',
  'fault',
  'shrink',
  'mend',
  'book',
  'policy',
  'jump',
];

export function steps(kinds: 'calm' | 'wild', classNames: readonly string[] = ['normal']): fc.Arbitrary<Step[]> {
  const step = fc.record({
    kind: fc.constantFrom(...(kinds === 'calm' ? CALM : WILD)),
    pick: fc.nat(1_000),
    shape: fc.nat(10_000),
    owner: fc.nat(OWNERS.length - 1),
    className: fc.constantFrom(...classNames),
    limit: fc.option(fc.integer({ min: 1, max: 60 }), { freq: 5 }),
    used: fc.double({ min: 0.1, max: 1, noNaN: true }),
    keeps: fc.constantFrom(true, true, false),
  });
  return fc.array(step, { minLength: 40, maxLength: 160, size: 'max' });
}

export class EngineHistory {
  readonly world: EngineWorld;
  readonly faults: string[] = [];
  preemptions = 0;
  /** The latest time by which each was promised a start. */
  readonly promisedBy = new Map<string, number>();
  readonly #policies: readonly Policy[];
  readonly #stock: Stock;
  /** For whom others were stopped, and whom. */
  readonly #stoppedFor = new Map<string, Set<string>>();
  #passes = 0;
  #count = 0;

  constructor(policy: Policy, policies: readonly Policy[] = [policy], stock = WHOLE) {
    this.#policies = policies;
    this.#stock = stock;
    this.world = new EngineWorld(policy);
    for (const node of stock.nodes) this.world.putNode(node);
  }

  do(step: Step): void {
    const { world } = this;
    if (step.kind === 'advance') world.advance((step.pick % 20) * SECOND, () => this.pass());
    else this.#happen(step);
    this.pass();
  }

  pass(): Plan {
    const { world } = this;
    const plan = world.engine.plan(world.now);
    this.#passes += 1;
    if (this.#passes % 5 === 0) this.#comparePlans(plan);
    this.faults.push(...faultsOf(plan, world));
    // What joins a line has its place: should it be called back, it is promised anew.
    for (const { jobId } of plan.starts) this.promisedBy.delete(jobId);
    for (const { jobId, reservation } of plan.reservations) {
      if (reservation === null) this.faults.push(`the promise of ${jobId} is broken`);
      else if (reservation.at > (this.promisedBy.get(jobId) ?? Infinity))
        this.faults.push(`${jobId} is promised a later start`);
      else this.promisedBy.set(jobId, reservation.at);
    }
    this.#lookForVainStops(plan);
    this.#lookForStarving();
    world.carryOut(plan);
    return plan;
  }

  /** Once all have gone who were stopped for a job, it starts; unless it was promised to start when others have gone too. */
  #lookForVainStops({ starts, preemptions }: Plan): void {
    const { queued, placed } = this.world;
    for (const [forJobId, stopped] of this.#stoppedFor) {
      const isOver = [...stopped].every((id) => placed.get(id)?.isStopping !== true);
      const isLater = (this.promisedBy.get(forJobId) ?? 0) > this.world.now;
      if ((!isOver || isLater) && queued.has(forJobId)) continue;
      this.#stoppedFor.delete(forJobId);
      if (queued.has(forJobId) && starts.every(({ jobId }) => jobId !== forJobId))
        this.faults.push(`for ${forJobId} others were stopped in vain`);
    }
    this.preemptions += preemptions.length;
    for (const { jobId, forJobId } of preemptions) {
      const stopped = this.#stoppedFor.get(forJobId) ?? new Set();
      this.#stoppedFor.set(forJobId, stopped.add(jobId));
    }
  }

  /** After its promotion each job that came before it may go first, one after the other at the worst. */
  #lookForStarving(): void {
    const { queued, policy, now } = this.world;
    const longest = BASE.backfill.defaultTimeLimitMs + 2 * SECOND;
    for (const { id, order, submittedAt } of queued.values())
      if (now - submittedAt > policy.promoteAfterMs + order * longest) this.faults.push(`${id} starves`);
  }

  #comparePlans(plan: Plan): void {
    const { world } = this;
    const text = textOf(plan);
    if (textOf(world.engine.plan(world.now)) !== text) this.faults.push('a second plan differs');
    if (textOf(world.rebuilt().plan(world.now)) !== text) this.faults.push('the plan of a rebuilt engine differs');
  }

  /** Until nothing waits or runs; false if something still does after so long. */
  drain(ms: number): boolean {
    const { world } = this;
    for (let spent = 0; world.queued.size + world.placed.size > 0; spent += 10 * SECOND) {
      if (spent > ms) return false;
      world.answerRevocations();
      world.advance(10 * SECOND, () => this.pass());
    }
    return true;
  }

  #happen(step: Step): void {
    const { world } = this;
    const { pick } = step;
    const running = [...world.placed.values()].filter(({ waiting }) => !waiting);
    const one = running[pick % Math.max(1, running.length)]?.job.id ?? '';
    switch (step.kind) {
      case 'arrive':
        return this.#arrive(step);
      case 'end':
        return world.end(one);
      case 'cancel': {
        const waiting = [...world.queued.keys()];
        const id = waiting[pick % Math.max(1, waiting.length)];
        return id !== undefined && pick % 4 === 0 ? world.cancel(id) : undefined;
      }
      case 'retry':
        return world.retry(one);
      case 'answer':
        return world.answerRevocations();
      case 'book':
        return this.#book(step);
      case 'policy':
        return world.setPolicy(this.#policies[pick % this.#policies.length] ?? world.policy);
      case 'jump':
        world.skewMs = ((pick % 3) - 1) * HOUR;
        return undefined;
      default:
        return this.#changeNode(step);
    }
  }

  #arrive({ shape, owner, className, limit, used, keeps }: Step): void {
    const { world } = this;
    this.#count += 1;
    const order = this.#count;
    const graceMs = order % 3 === 0 ? 2 * SECOND : 0;
    const limitMs = limit === null ? null : limit * SECOND;
    const job: WaitingJob = {
      id: `job_${String(order).padStart(4, '0')}`,
      order,
      submittedAt: world.now,
      nextAttempt: 1,
      owner: OWNERS[owner] ?? { userId: 'usr_a', groupId: null },
      className,
      shape: this.#stock.shapes[shape % this.#stock.shapes.length] ?? ONE_SLOT,
      limitMs,
      estimateMs: null,
      servedMs: 0,
      graceMs,
      keepsCheckpoints: keeps,
      reservation: null,
    };
    const most = (limitMs ?? BASE.backfill.defaultTimeLimitMs) + graceMs;
    world.submit(job, Math.max(1, Math.floor(used * most)));
  }

  #book({ pick, shape, owner, limit }: Step): void {
    const { world } = this;
    const from = world.now + (pick % 30) * SECOND;
    const booking = {
      id: `bkg_${pick}`,
      nodeId: NODES[pick % NODES.length]?.id ?? '',
      devices: shape % 2 === 0 ? null : [`gpu-${shape % 4}`],
      from,
      until: from + (limit ?? 30) * SECOND,
      userIds: owner === 0 ? [] : ['usr_b'],
      groupIds: owner === 2 ? ['grp_x'] : [],
    };
    world.setBookings(pick % 3 === 0 ? [] : [...world.bookings.slice(-1), booking]);
  }

  #changeNode({ kind, pick }: Step): void {
    const { nodes } = this.#stock;
    const node = nodes[pick % nodes.length];
    if (!node) return;
    const { description } = node;
    const devices = description.devices;
    switch (kind) {
      case 'cordon':
        return this.world.putNode({ ...node, refuses: 'node-cordoned' });
      case 'silence':
        return this.world.putNode({ ...node, refuses: 'node-unreachable' });
      case 'fault': {
        const broken = devices.map((device, index) => (index === pick % 4 ? { ...device, fault: 'gone' } : device));
        return this.world.putNode({ ...node, description: { ...description, devices: broken } });
      }
      case 'shrink':
        return this.world.putNode({ ...node, description: { ...description, devices: devices.slice(0, 1), cpus: 2 } });
      case 'share':
        return this.world.putNode(node.jobsPerDevice === undefined ? node : { ...node, jobsPerDevice: 1 + (pick % 4) });
      default:
        for (const each of nodes) this.world.putNode(each);
        return undefined;
    }
  }
}

function textOf(plan: Plan): string {
  return JSON.stringify({ ...plan, blocked: null });
}
