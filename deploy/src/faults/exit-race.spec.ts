// The instant in which a running job exits, on the agent's own code: the one staged behind it is to be given back, or cancelled, just then,
// and the agent may be killed. Its journal decides, once: the job has started, or it has not, and everybody is told the same.
import type { DesiredAttempt, DesiredSet, Fact, NodeDescription } from '@baton/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Calls, copied, type Question } from './edges/calls.ts';
import { JobProcesses } from './edges/job-processes.ts';
import { JournalDisk } from './edges/journal-disk.ts';
import { Network } from './edges/network.ts';
import { Kernel, newProcess } from './kernel/kernel.ts';
import { installVirtualRuntime } from './kernel/virtual-runtime.ts';
import { type AgentProcess, startAgent } from './processes/agent-process.ts';

const RUN_MS = 400;
const OVER_MS = 20_000;
const RESTART_MS = 50;
const RUNS = 400;
const GPU = { id: 'gpu-0', kind: 'gpu', index: 0, model: 'gpu', memoryBytes: 0 } as const;
const DESCRIPTION: NodeDescription = {
  name: 'node',
  address: 'node.test',
  devices: [GPU],
  cpus: 8,
  memoryBytes: 2 ** 34,
  labels: {},
  agentVersion: '0',
};

const FIRST = attempt(1, { devices: [GPU] });
const NEXT = attempt(2, {
  behind: { count: 1, pool: [GPU], predecessors: [{ jobId: FIRST.jobId, attempt: 1 }] },
});

function attempt(number: number, more: Partial<DesiredAttempt>): DesiredAttempt {
  return {
    jobId: `job_${String(number).padStart(26, '0')}`,
    attempt: 1,
    want: 'run',
    jobName: 'test',
    ownerId: `usr_${'0'.repeat(26)}`,
    command: ['run', String(RUN_MS), '0'],
    env: {},
    secrets: [],
    code: null,
    datasets: [],
    devices: [],
    cpus: 1,
    memoryBytes: 0,
    timeLimitMs: null,
    behind: null,
    graceMs: null,
    earlyStart: false,
    checkpoints: null,
    environment: {},
    ...more,
  };
}

/** Times are ms after the exit of the running job, or before it. */
interface Race {
  readonly seed: number;
  readonly word: 'revoke' | 'stop';
  readonly at: number;
  /** When the agent is killed. */
  readonly kills: readonly number[];
}

interface Finish {
  /** Of the one behind: what the scheduler was told, each fact once. */
  readonly facts: readonly Fact[];
  readonly starts: number;
  /** It was let go while another process had its device. */
  readonly overlaps: number;
  readonly isWaiting: boolean;
}

async function finishOf(race: Race): Promise<Finish> {
  const kernel = new Kernel(race.seed);
  const uninstall = installVirtualRuntime(kernel);
  try {
    return await new Stage(kernel, race).play();
  } finally {
    uninstall();
  }
}

/** One agent, and a scheduler that says one word. */
class Stage {
  readonly #kernel: Kernel;
  readonly #race: Race;
  readonly #network: Network;
  readonly #calls: Calls;
  readonly #machine = { name: 'node', clockOffsetMs: 0 };
  readonly #disk: JournalDisk;
  readonly #processes: JobProcesses;
  readonly #facts = new Map<number, Fact>();
  readonly #starts = new Map<string, number>();
  #overlaps = 0;
  #set: DesiredSet = { installationId: 'a', revision: 1, attempts: [FIRST, NEXT] };
  #agent: AgentProcess | null = null;

  constructor(kernel: Kernel, race: Race) {
    this.#kernel = kernel;
    this.#race = race;
    this.#network = new Network(kernel);
    this.#calls = new Calls(kernel, this.#network);
    this.#disk = new JournalDisk(kernel, new Set());
    this.#processes = new JobProcesses(kernel, this.#machine, {
      started: (_node, { key, devices }, running) => {
        this.#starts.set(key.jobId, (this.#starts.get(key.jobId) ?? 0) + 1);
        if (running.some((other) => other.devices.some((device) => devices.includes(device)))) this.#overlaps += 1;
        if (key.jobId === FIRST.jobId) this.#plan();
      },
      signalled: () => {},
    });
  }

  async play(): Promise<Finish> {
    this.#network.hub = newProcess('hub', { name: 'hub', clockOffsetMs: 0 });
    const scheduler = newProcess('scheduler', { name: 'scheduler', clockOffsetMs: 0 });
    this.#calls.serve(scheduler, async (question) => this.#answer(question));
    this.#kernel.after(0, () => this.#startAgent());
    await this.#kernel.run(() => this.#kernel.now > OVER_MS);
    return {
      facts: [...this.#facts.values()].filter(({ jobId }) => jobId === NEXT.jobId),
      starts: this.#starts.get(NEXT.jobId) ?? 0,
      overlaps: this.#overlaps,
      isWaiting: this.#processes.find(NEXT)?.state === 'waiting',
    };
  }

  /** The running one has begun: it is known when it exits. */
  #plan(): void {
    const { word, at, kills } = this.#race;
    this.#kernel.after(RUN_MS + at, () => {
      const attempts = this.#set.attempts.map((one) => (one.jobId === NEXT.jobId ? { ...one, want: word } : one));
      this.#set = { ...this.#set, revision: this.#set.revision + 1, attempts };
      this.#agent?.process.enter(() => this.#agent?.accept(copied(this.#set)));
    });
    for (const killAt of kills) this.#kernel.after(RUN_MS + killAt, () => this.#killAgent());
  }

  #killAgent(): void {
    if (this.#agent === null) return;
    this.#agent.process.alive = false;
    this.#agent = null;
    this.#disk.agentDied();
    this.#kernel.after(RESTART_MS, () => this.#startAgent());
  }

  #startAgent(): void {
    const process = newProcess('agent', this.#machine);
    process.enter(() => {
      this.#agent = startAgent({
        kernel: this.#kernel,
        calls: this.#calls,
        process,
        nodeId: `nod_${'0'.repeat(26)}`,
        description: DESCRIPTION,
        disk: this.#disk,
        processes: this.#processes,
        broken: new Set(),
        onFatal: (error?: unknown) => {
          throw error;
        },
        onAnswer: () => {},
      });
    });
  }

  #forget(jobId: string): void {
    const attempts = this.#set.attempts.filter((one) => one.jobId !== jobId);
    this.#set = { ...this.#set, revision: this.#set.revision + 1, attempts };
  }

  #answer({ operation, body }: Question): unknown {
    if (operation === 'sync') return this.#set;
    if (operation === 'secrets') return { values: {}, token: '' };
    const { facts } = body as { readonly facts: readonly Fact[] };
    for (const fact of facts) {
      const known = this.#facts.get(fact.seq);
      if (known && JSON.stringify(fact) !== JSON.stringify(known)) throw new Error('a fact was told otherwise before');
      this.#facts.set(fact.seq, fact);
      if (fact.type === 'revoked' || fact.type === 'ended') this.#forget(fact.jobId);
    }
    return { acknowledged: facts.at(-1)?.seq ?? 0 };
  }
}

const tenths = (least: number, most: number) => fc.integer({ min: least * 10, max: most * 10 }).map((at) => at / 10);
const race = fc.record<Race>({
  seed: fc.nat(),
  word: fc.constantFrom('revoke', 'stop'),
  at: tenths(-15, 40),
  kills: fc.array(tenths(-5, 150), { maxLength: 3 }),
});

it('has one winner, which is recorded, and told to everybody', { timeout: 120_000 }, async () => {
  const winners = new Set<string>();
  await fc.assert(
    fc.asyncProperty(race, async (drawn) => {
      const { facts, starts, overlaps, isWaiting } = await finishOf(drawn);
      const told = (type: Fact['type']) => facts.filter((fact) => fact.type === type).length;
      const isStarted = told('started') === 1;
      expect(starts).toBe(isStarted ? 1 : 0);
      expect([overlaps, isWaiting]).toEqual([0, false]);
      expect(told('started')).toBeLessThanOrEqual(1);
      expect([told('ended'), told('revoked')]).toEqual(isStarted || drawn.word === 'stop' ? [1, 0] : [0, 1]);
      winners.add(`${drawn.word}: ${isStarted ? 'started' : 'did not'}`);
    }),
    { numRuns: RUNS },
  );
  expect([...winners].toSorted()).toEqual(['revoke: did not', 'revoke: started', 'stop: did not', 'stop: started']);
});
