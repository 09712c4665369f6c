// One simulation: a seed and a list of faults give what happens, each time the same.
import { applyFault } from './apply-fault.ts';
import type { Breakage } from './breakage.ts';
import { checkLedger } from './checks/ledger-check.ts';
import type { Invariant, Violation } from './checks/violation.ts';
import { type Fault, faultsOf, QUIET_MS } from './fault-list.ts';
import { DiskFull } from './edges/journal-disk.ts';
import { Kernel } from './kernel/kernel.ts';
import { installVirtualRuntime } from './kernel/virtual-runtime.ts';
import { clusterOf, type Request, workloadOf } from './workload.ts';
import { World } from './world.ts';

export interface Scenario {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly requests: readonly Request[];
  readonly broken?: readonly Breakage[];
}

export interface Outcome {
  readonly violation: Violation | null;
  readonly steps: number;
  /** Equal for equal runs. */
  readonly digest: number;
  /** ms of simulated time. */
  readonly untilMs: number;
  readonly commits: number;
  readonly attempts: number;
  readonly jobs: number;
  /** What processes complained of, for people. */
  readonly reports: readonly string[];
}

/** So long after the last fault everything has come to its end, with the longest pauses before retries. */
const SETTLED_MS = 300_000;
const LOOK_MS = 1_000;

export function scenarioOf(seed: number, broken: readonly Breakage[] = []): Scenario {
  const cluster = clusterOf(seed);
  return { seed, faults: faultsOf(seed, cluster), requests: workloadOf(seed, cluster), broken };
}

export async function simulateFaults({ seed, faults, requests, broken = [] }: Scenario): Promise<Outcome> {
  const kernel = new Kernel(seed);
  let violation: Violation | null = null;
  const violated = (invariant: Invariant, what: string) => {
    violation ??= { invariant, at: Math.round(kernel.now), what };
  };
  const world = new World({ kernel, cluster: clusterOf(seed), broken: new Set(broken), violated });
  const listenAsBefore = listenAlone((error) =>
    error instanceof DiskFull
      ? world.agentEnds(error.process)
      : violated('code-failed', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  const uninstall = installVirtualRuntime(kernel);
  let isOver = false;
  const finish = () => (isOver = true);
  try {
    world.start();
    world.user.plan(requests);
    for (const fault of faults) kernel.after(fault.at, () => applyFault(world, fault));
    kernel.after(QUIET_MS, () => settle(world, { violated, finish }));
    await kernel.run(() => isOver || violation !== null);
  } finally {
    uninstall();
    listenAsBefore();
  }
  const { commits, jobs } = world.log;
  const figures = { commits, attempts: world.witness.count, jobs: jobs.size, reports: world.reports };
  return { violation, steps: kernel.steps, digest: kernel.digest, untilMs: Math.round(kernel.now), ...figures };
}

/** A rejection that nobody handles ends a process: here it is a simulated one's. */
function listenAlone(listener: (error: unknown) => void): () => void {
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  return () => {
    process.off('unhandledRejection', listener);
    for (const one of before) process.on('unhandledRejection', one);
  };
}

interface End {
  readonly violated: (invariant: Invariant, what: string) => void;
  readonly finish: () => void;
}

/** Everything is as it should be from now on: what is left has to come to its end. */
function settle(world: World, end: End): void {
  for (const machine of world.machines) {
    machine.clockOffsetMs = 0;
    world.network.clear(machine);
  }
  world.server.slowUntil = 0;
  world.startLog();
  for (const seat of world.schedulers) {
    for (const { process } of seat.running) process.stoppedUntil = 0;
    if (seat.running.length === 0) world.startScheduler(seat);
  }
  for (const node of world.nodes) {
    Object.assign(node.disk, { slowUntil: 0, fullUntil: 0 });
    node.hasPower = true;
    if (node.agent !== null) node.agent.process.stoppedUntil = 0;
    world.startAgent(node);
  }
  world.reconnect(() => true);
  world.user.releaseAll();
  look(world, end);
}

function look(world: World, end: End): void {
  const { kernel, log, user, nodes } = world;
  const open = [...log.jobs].filter(([, { state }]) => !['succeeded', 'failed', 'cancelled'].includes(state.phase));
  const unsent = nodes.flatMap(({ agent }) => agent?.journal.state.pending ?? []);
  if (open.length === 0 && user.open === 0 && unsent.length === 0) {
    world.witness.checkFacts();
    if (world.leader !== null) checkLedger(world.leader, world.server.streams.JOBS.entries, end.violated);
    return end.finish();
  }
  if (kernel.now > QUIET_MS + SETTLED_MS) {
    const jobs = open.map(([id, { state }]) => `${id} ${state.phase}`);
    const left = [`${user.open} requests`, `${unsent.length} facts`];
    end.violated('never-ends', [...jobs, ...left].join(', '));
    return end.finish();
  }
  // Those that were held meanwhile, too.
  if (user.open === 0 && open.some(([, { state }]) => 'isHeld' in state && state.isHeld)) user.releaseAll();
  kernel.after(LOOK_MS, () => look(world, end));
}
