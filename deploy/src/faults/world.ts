// The simulated installation: machines, what runs on them, and how each is started, killed and started again.
import type { DesiredSet, NodeDescription } from '@baton/contracts';
import { deriveId } from '@baton/event-store';
import type { Breakage } from './breakage.ts';
import { LogWitness } from './checks/log-witness.ts';
import { Witness } from './checks/process-witness.ts';
import type { Violated } from './checks/violation.ts';
import { Calls, copied } from './edges/calls.ts';
import { JobProcesses, type ProcessWitness } from './edges/job-processes.ts';
import { JournalDisk } from './edges/journal-disk.ts';
import { NatsServer } from './edges/nats-server.ts';
import { Network } from './edges/network.ts';
import { type Kernel, type Machine, newProcess, type SimulatedProcess } from './kernel/kernel.ts';
import { type AgentProcess, startAgent } from './processes/agent-process.ts';
import { type SchedulerProcess, startScheduler } from './processes/scheduler-process.ts';
import { User } from './processes/user.ts';
import type { Cluster } from './workload.ts';

const RESTART_MS = [200, 1_500] as const;
const RECONNECT_MS = [50, 1_500] as const;

interface Node {
  readonly machine: Machine;
  readonly id: string;
  readonly description: NodeDescription;
  readonly disk: JournalDisk;
  readonly processes: JobProcesses;
  /** All that were sent to it, newest last. */
  readonly sets: DesiredSet[];
  hasPower: boolean;
  /** Told once, when the next process is let go. */
  readonly onStart: (() => void)[];
  agent: AgentProcess | null;
}

interface SchedulerSeat {
  readonly machine: Machine;
  readonly holder: string;
  /** More than one where one more was started. */
  running: SchedulerProcess[];
}

export interface WorldParts {
  readonly kernel: Kernel;
  readonly cluster: Cluster;
  readonly broken: ReadonlySet<Breakage>;
  readonly violated: Violated;
}

export class World {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly server: NatsServer;
  readonly log: LogWitness;
  readonly witness: Witness;
  readonly user: User;
  readonly nodes: readonly Node[];
  readonly schedulers: readonly SchedulerSeat[];
  readonly #parts: WorldParts;
  readonly #calls: Calls;
  #processes = 0;
  /** What processes complained of. */
  readonly reports: string[] = [];

  constructor(parts: WorldParts) {
    const { kernel, cluster, broken, violated } = parts;
    this.#parts = parts;
    this.kernel = kernel;
    this.network = new Network(kernel);
    this.#calls = new Calls(kernel, this.network);
    this.log = new LogWitness(violated);
    this.witness = new Witness({ kernel, log: this.log, violated, nodeIdOf });
    this.server = new NatsServer({
      kernel,
      broken,
      machine: machineOf('hub'),
      onStored: (stream, entry) => stream === 'JOBS' && this.log.see(entry),
    });
    this.schedulers = [0, 1].map((seat) => ({
      machine: machineOf(`scheduler-${seat}`),
      holder: cluster.sameHolder ? 'same' : `holder-${seat}`,
      running: [],
    }));
    this.nodes = Array.from({ length: cluster.nodes }, (_, index) => this.#nodeOf(index));
    const process = this.#newProcess(machineOf('user'));
    this.user = new User({ kernel, calls: this.#calls, process, onAcknowledged: (told) => this.#acknowledged(told) });
  }

  /** All that can be cut off: the schedulers' machines, and then the nodes. */
  get machines(): readonly Machine[] {
    return [...this.schedulers, ...this.nodes].map(({ machine }) => machine);
  }

  start(): void {
    this.startLog();
    for (const seat of this.schedulers) this.startScheduler(seat);
    for (const node of this.nodes) this.startAgent(node);
  }

  startLog(): void {
    if (this.server.process !== null) return;
    this.network.hub = this.server.start();
    this.reconnect(() => true);
  }

  crashLog(): void {
    this.server.crash();
    this.network.hub = null;
  }

  startScheduler(seat: SchedulerSeat): void {
    const process = this.#newProcess(seat.machine);
    process.enter(() => {
      const started = startScheduler({
        kernel: this.kernel,
        network: this.network,
        server: this.server,
        calls: this.#calls,
        process,
        holder: seat.holder,
        broken: this.#parts.broken,
        jobsPerDevice: this.#parts.cluster.jobsPerDevice,
        push: (nodeId, set) => this.#push(process, nodeId, set as DesiredSet),
        report: (error, where) => this.#report(process, error, where),
      });
      seat.running.push(started);
    });
  }

  crashScheduler(seat: SchedulerSeat): void {
    for (const { process } of seat.running) process.alive = false;
    seat.running = [];
  }

  startAgent(node: Node): void {
    if (node.agent !== null || !node.hasPower) return;
    const process = this.#newProcess(node.machine);
    const { id, description, disk, processes } = node;
    process.enter(() => {
      const onFatal = () => this.#agentFailed(node, process);
      const parts = { kernel: this.kernel, calls: this.#calls, process, broken: this.#parts.broken, onFatal };
      const onAnswer = (set: DesiredSet) => void node.sets.push(set);
      node.agent = startAgent({ ...parts, nodeId: id, description, disk, processes, onAnswer });
    });
  }

  crashAgent(node: Node): void {
    if (node.agent === null) return;
    node.agent.process.alive = false;
    node.agent = null;
    node.disk.agentDied();
  }

  cutPower(node: Node): void {
    node.hasPower = false;
    if (node.agent !== null) node.agent.process.alive = false;
    node.agent = null;
    node.processes.powerCut();
    node.disk.powerCut();
  }

  /** Connections are made anew. */
  reconnect(isConcerned: (machine: Machine) => boolean): void {
    for (const { connection, process } of this.schedulers.flatMap(({ running }) => running))
      if (isConcerned(process.machine)) this.#soon(process, () => connection.reconnected());
    for (const { agent } of this.nodes)
      if (agent !== null && isConcerned(agent.process.machine)) this.#soon(agent.process, () => agent.connected());
  }

  /** The one who has written last, if it still leads. */
  get leader() {
    const last = this.server.streams.JOBS.entries.at(-1);
    const all = this.schedulers.flatMap(({ running }) => running);
    return all.find(({ process }) => last?.commitId.startsWith(`${process.name}#`))?.leadership.current() ?? null;
  }

  #soon(process: SimulatedProcess, run: () => void): void {
    this.kernel.schedule(process, this.kernel.between(...RECONNECT_MS), run);
  }

  agentEnds(process: SimulatedProcess): void {
    const node = this.nodes.find(({ agent }) => agent?.process === process);
    if (node !== undefined) this.#agentFailed(node, process);
  }

  /** It ends, and whoever watches over it starts it again. */
  #agentFailed(node: Node, process: SimulatedProcess): void {
    if (node.agent?.process !== process) return;
    this.crashAgent(node);
    this.kernel.after(this.kernel.between(...RESTART_MS), () => this.startAgent(node));
  }

  #push(process: SimulatedProcess, nodeId: string, set: DesiredSet): void {
    const node = this.nodes.find(({ id }) => id === nodeId);
    if (node === undefined) return;
    const sent = copied(set);
    this.network.toHub(process.machine, () => this.deliver(node, sent));
  }

  /** To the agent that is there. */
  deliver(node: Node, set: DesiredSet): void {
    node.sets.push(set);
    const { agent } = node;
    if (agent !== null) this.network.fromHub(agent.process, () => agent.accept(set));
  }

  #report({ name }: SimulatedProcess, error: unknown, where: string): void {
    this.reports.push(`${Math.round(this.kernel.now)} ${name} ${where}: ${String(error)}`);
    const isExpected = error instanceof Error && ('code' in error || /timeout|wrong last sequence/.test(error.message));
    if (!isExpected)
      this.#parts.violated('code-failed', `${name} ${where}: ${(error as Error).stack ?? String(error)}`);
  }

  #acknowledged({ operation, jobId }: { readonly operation: string; readonly jobId: string }): void {
    const job = this.log.jobs.get(jobId);
    const expected = { submit: 'JobSubmitted', cancel: 'CancelRequested', hold: 'JobHeld' }[operation];
    if (expected === undefined || job?.events.some(({ type }) => type === expected)) return;
    if (expected === 'JobHeld' && job !== undefined && isHeldFromTheStart(job.events)) return;
    this.#parts.violated('command-lost', `${operation} of ${jobId} was acknowledged, and is not in the log`);
  }

  #newProcess(machine: Machine): SimulatedProcess {
    return newProcess(`${machine.name}/${(this.#processes += 1)}`, machine);
  }

  #nodeOf(index: number): Node {
    const { kernel, cluster, broken } = this.#parts;
    const machine = machineOf(`node-${index}`);
    const onStart: (() => void)[] = [];
    const witness: ProcessWitness = {
      started: (...told) => {
        this.witness.started(...told);
        for (const tell of onStart.splice(0)) tell();
      },
      signalled: (...told) => this.witness.signalled(...told),
    };
    return {
      machine,
      id: nodeIdOf(machine.name),
      description: descriptionOf(machine.name, cluster.gpusPerNode),
      disk: new JournalDisk(kernel, broken),
      processes: new JobProcesses(kernel, machine, witness),
      onStart,
      sets: [],
      hasPower: true,
      agent: null,
    };
  }
}

function isHeldFromTheStart(events: readonly { readonly type: string; readonly data: unknown }[]): boolean {
  return events.some(({ type, data }) => type === 'JobSubmitted' && (data as { spec: { hold?: boolean } }).spec.hold);
}

function machineOf(name: string): Machine {
  return { name, clockOffsetMs: 0 };
}

function nodeIdOf(name: string): string {
  return deriveId('node', 'simulation', name);
}

function descriptionOf(name: string, gpus: number): NodeDescription {
  const slots = { cpu: 1, gpu: gpus };
  const devices = (['cpu', 'gpu'] as const).flatMap((kind) =>
    Array.from({ length: slots[kind] }, (_, index) => ({
      id: `${kind}-${index}`,
      kind,
      index,
      model: kind,
      memoryBytes: 0,
    })),
  );
  return { name, address: `${name}.test`, devices, cpus: 8, memoryBytes: 2 ** 34, labels: {}, agentVersion: '0' };
}
