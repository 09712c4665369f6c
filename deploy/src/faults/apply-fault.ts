// Makes a fault happen in the world, and ends it.
import type { DesiredSet } from '@baton/contracts';
import type { JournalState } from '@baton/executor/core';
import { type Fault, type FaultKind, QUIET_MS } from './fault-list.ts';
import type { Weather } from './edges/network.ts';
import type { Machine } from './kernel/kernel.ts';
import type { World } from './world.ts';

type Node = World['nodes'][number];
type Seat = World['schedulers'][number];
type Strike = (world: World, fault: Fault) => void;

/** After a start. */
const MOMENT_MS = 3;
/** Before the faults are over. */
const LEAST_MS = 100;
/** An agent whose disk is full is started again and again. */
const LONGEST_FULL_MS = 3_000;
const LOSSY = { loss: 0.2, twice: 0.2, shuffled: true, slowMs: 50 };

const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  'crash-log': (world, { ms }) => {
    world.crashLog();
    world.kernel.after(ms, () => world.startLog());
  },
  'slow-log': ({ server, kernel }, { ms }) => void (server.slowUntil = kernel.now + ms),
  'crash-scheduler': onScheduler(crashScheduler),
  'stop-scheduler': onScheduler(({ kernel }, seat, ms) => {
    for (const { process } of seat.running) process.stoppedUntil = Math.max(process.stoppedUntil, kernel.now + ms);
  }),
  'one-scheduler-more': onScheduler((world, seat) => world.startScheduler(seat)),
  cut: weather(() => ({ outCut: true, inCut: true })),
  'cut-out': weather(() => ({ outCut: true })),
  'cut-in': weather(() => ({ inCut: true })),
  stall: weather((until) => ({ stalledUntil: until })),
  'slow-network': weather(() => ({ slowMs: 3_000 })),
  'lossy-network': weather(() => LOSSY),
  clock: (world, fault) => void (machineOf(world, fault).clockOffsetMs = fault.ms),
  'crash-agent': onNode(crashAgent),
  'crash-agent-at-start': onNode((world, node, ms) => atStart(world, node, () => crashAgent(world, node, ms))),
  'stop-agent': onNode(({ kernel }, { agent }, ms) => {
    if (agent !== null) agent.process.stoppedUntil = Math.max(agent.process.stoppedUntil, kernel.now + ms);
  }),
  'power-cut': onNode(cutPower),
  'power-cut-at-start': onNode((world, node, ms) => atStart(world, node, () => cutPower(world, node, ms))),
  'kill-supervisor': onNode(({ kernel }, { processes }) => {
    const { running } = processes;
    if (running.length > 0) processes.killSupervisor(kernel.oneOf(running));
  }),
  'slow-disk': onNode(({ kernel }, { disk }, ms) => void (disk.slowUntil = kernel.now + ms)),
  'full-disk': onNode(({ kernel }, { disk }, ms) => void (disk.fullUntil = kernel.now + Math.min(ms, LONGEST_FULL_MS))),
  'foreign-set': onNode((world, node) => {
    const state = node.agent?.journal.state;
    // Whose first set it gets is whose an agent is.
    if (state !== undefined && state.installationId !== null) send(world, node, foreign(state));
  }),
  'older-set': onNode((world, node) =>
    send(world, node, node.sets[Math.floor(world.kernel.random() * node.sets.length)]),
  ),
  'empty-set': onNode((world, node) => {
    const newest = node.sets.at(-1);
    send(world, node, newest && { ...newest, attempts: [] });
  }),
};

export function applyFault(world: World, fault: Fault): void {
  STRIKES[fault.kind](world, fault);
}

function onScheduler(strike: (world: World, seat: Seat, ms: number) => void): Strike {
  return (world, { target, ms }) => {
    const seat = world.schedulers[target % world.schedulers.length];
    if (seat !== undefined) strike(world, seat, ms);
  };
}

function onNode(strike: (world: World, node: Node, ms: number) => void): Strike {
  return (world, { target, ms }) => {
    const node = world.nodes[target % world.nodes.length];
    if (node !== undefined) strike(world, node, ms);
  };
}

function machineOf(world: World, { target }: Fault): Machine {
  const machine = world.machines[target % world.machines.length];
  if (machine === undefined) throw new Error('there is no machine');
  return machine;
}

function weather(change: (until: number) => Partial<Weather>): Strike {
  return (world, fault) => {
    const { kernel, network } = world;
    const machine = machineOf(world, fault);
    Object.assign(network.weatherOf(machine), change(kernel.now + fault.ms));
    kernel.after(fault.ms, () => {
      network.clear(machine);
      world.reconnect((concerned) => concerned === machine);
    });
  };
}

function crashScheduler(world: World, seat: Seat, ms: number): void {
  world.crashScheduler(seat);
  world.kernel.after(ms, () => {
    if (seat.running.length === 0) world.startScheduler(seat);
  });
}

function crashAgent(world: World, node: Node, ms: number): void {
  world.crashAgent(node);
  world.kernel.after(ms, () => world.startAgent(node));
}

function cutPower(world: World, node: Node, ms: number): void {
  world.cutPower(node);
  world.kernel.after(ms, () => {
    node.hasPower = true;
    world.startAgent(node);
  });
}

/** In the moment in which the next process is let go there: before its agent has written that down. */
function atStart({ kernel }: World, node: Node, run: () => void): void {
  node.onStart.push(() => {
    if (kernel.now < QUIET_MS - LEAST_MS) kernel.after(kernel.between(0, MOMENT_MS), run);
  });
}

/** Another installation's, with all that the agent has, to be stopped. */
function foreign({ revision, attempts }: JournalState): DesiredSet {
  const stopped = Object.values(attempts).map(({ spec }) => ({ ...spec, want: 'stop' as const }));
  return { installationId: 'installation-b', revision, attempts: stopped };
}

function send(world: World, node: Node, set: DesiredSet | undefined): void {
  if (set !== undefined && world.network.hub !== null) world.deliver(node, set);
}
