// The simulation carries out plans as agents would, and keeps the books: with engines that are plain enough to reckon by hand.
import { describe, expect, it } from 'vitest';
import { FifoEngine, NOTHING } from '../../testing/fifo-engine.ts';
import { aDescription } from '../../testing/job-builders.ts';
import type { EngineNode, Plan, WaitingJob } from '../schedule/engine-model.ts';
import { simulationFigures } from './figures.ts';
import type { SimulatedJob } from './simulated-job.ts';
import { simulate, type SimulationOptions } from './simulation.ts';

const node = (id: string, gpu: number): EngineNode => ({ id, description: aDescription(id, { gpu }), refuses: null });

function job(id: string, submittedAt: number, durationMs: number, { gpus = 1, nodes = 1 } = {}): SimulatedJob {
  return {
    id,
    submittedAt,
    durationMs,
    limitMs: null,
    estimateMs: null,
    owner: { userId: 'everybody', groupId: null },
    className: 'normal',
    shape: {
      deviceKind: 'gpu',
      devices: gpus,
      cpus: 0,
      memoryBytes: 0,
      nodeId: null,
      nodes,
      inContainer: false,
      gpuModel: null,
      gpuMemoryBytes: 0,
      requiredLabels: {},
      preferredLabels: {},
      exclusive: false,
    },
    keepsCheckpoints: true,
  };
}

/** Does at each time what it is told to, else what the plain one does. */
class Scripted extends FifoEngine {
  readonly told: string[] = [];
  readonly #script: (now: number, told: readonly string[]) => Partial<Plan> | null;

  constructor(script: (now: number, told: readonly string[]) => Partial<Plan> | null) {
    super();
    this.#script = script;
  }

  override queue(waiting: WaitingJob): void {
    this.told.push(
      `queue ${waiting.id}.${waiting.nextAttempt} served ${waiting.servedMs}${waiting.reservation ? ' promised' : ''}`,
    );
    super.queue(waiting);
  }

  override plan(now: number): Plan {
    const plan = this.#script(now, this.told);
    return plan ? { ...NOTHING, ...plan } : super.plan(now);
  }
}

const run = (jobs: readonly SimulatedJob[], engine = new FifoEngine(), options: Partial<SimulationOptions> = {}) =>
  simulate(jobs, engine, { nodes: [node('one', 2)], restartCostMs: 30, ...options });

const times = ({ outcomes }: ReturnType<typeof run>) =>
  Object.fromEntries(outcomes.map((outcome) => [outcome.job.id, [outcome.firstStartedAt, outcome.endedAt]]));

describe('a simulation', () => {
  it('starts jobs as devices come free, in any order of the input', () => {
    const jobs = [job('c', 2, 8), job('b', 1, 5, { gpus: 2 }), job('a', 0, 10)];
    expect(times(run(jobs))).toEqual({ a: [0, 10], b: [10, 15], c: [15, 23] });
  });

  it('gives a job on several nodes all of them at once', () => {
    const nodes = [node('one', 2), node('two', 2)];
    const jobs = [job('small', 0, 10), job('wide', 1, 5, { gpus: 2, nodes: 2 }), job('late', 2, 1)];
    expect(times(run(jobs, new FifoEngine(), { nodes }))).toEqual({ small: [0, 10], wide: [10, 15], late: [15, 16] });
  });

  it('lets a job that ends free its devices for one that arrives in that very instant', () => {
    expect(times(run([job('a', 0, 10, { gpus: 2 }), job('b', 10, 1, { gpus: 2 })]))).toEqual({
      a: [0, 10],
      b: [10, 11],
    });
  });

  it('lets a job of no length end when it starts', () => {
    expect(times(run([job('a', 0, 10, { gpus: 2 }), job('b', 1, 0), job('c', 1, 4)]))).toEqual({
      a: [0, 10],
      b: [10, 10],
      c: [10, 14],
    });
  });

  it('keeps the progress of a preempted job and charges each restart', () => {
    const engine = new Scripted((now, told) =>
      now === 4 && !told.includes('queue a.2 served 4')
        ? { preemptions: [{ jobId: 'a', forJobId: 'b', reason: 'test' }] }
        : now === 4
          ? { starts: [{ jobId: 'b', nodeId: 'one', devices: ['gpu-0', 'gpu-1'] }] }
          : null,
    );
    const result = run([job('a', 0, 10, { gpus: 2 }), job('b', 4, 3, { gpus: 2 })], engine);
    expect(times(result)).toEqual({ a: [0, 43], b: [4, 7] });
    expect(result).toMatchObject({
      preemptions: 1,
      outcomes: [
        { heldMs: 40, restarts: 1 },
        { heldMs: 3, restarts: 0 },
      ],
    });
  });

  it('starts those in line in the order of assignment, each once enough of its pool is free', () => {
    const pool = ['gpu-0', 'gpu-1'];
    const behind = (count: number) => ({ count, pool, predecessors: [] });
    const engine = new Scripted((now) => {
      if (now === 1) return { starts: [{ jobId: 'wide', nodeId: 'one', devices: [], behind: behind(2) }] };
      if (now === 2) return { starts: [{ jobId: 'thin', nodeId: 'one', devices: [], behind: behind(1) }] };
      return now === 0 ? null : {};
    });
    const jobs = [job('a', 0, 10), job('b', 0, 20), job('wide', 1, 5, { gpus: 2 }), job('thin', 2, 5)];
    // What comes free at 10 is kept for the one ahead.
    expect(times(run(jobs, engine))).toEqual({ a: [0, 10], b: [0, 20], wide: [20, 25], thin: [25, 30] });
  });

  it('puts one that is called back into the queue at once, and plans again', () => {
    const behind = { count: 2, pool: ['gpu-0', 'gpu-1'], predecessors: [] };
    const engine = new Scripted((now, told) => {
      if (now === 1) return { starts: [{ jobId: 'b', nodeId: 'one', devices: [], behind }] };
      if (now === 2 && !told.includes('queue b.2 served 0'))
        return { revocations: [{ jobId: 'b', nodeId: 'one', reason: 'test' }] };
      return null;
    });
    expect(times(run([job('a', 0, 10, { gpus: 2 }), job('b', 1, 5, { gpus: 2 }), job('c', 2, 1)], engine))).toEqual({
      a: [0, 10],
      b: [10, 15],
      c: [15, 16],
    });
  });

  it('tells the engine of the promises that it made', () => {
    const engine = new Scripted((now, told) =>
      now === 1 && !told.includes('queue b.1 served 0 promised')
        ? { reservations: [{ jobId: 'b', reservation: { nodeIds: ['one'], at: 10 } }] }
        : null,
    );
    run([job('a', 0, 10, { gpus: 2 }), job('b', 1, 5, { gpus: 2 })], engine);
    expect(engine.told).toContain('queue b.1 served 0 promised');
  });

  it('plans again at the time that the engine names', () => {
    const engine = new Scripted((now) => (now < 50 ? { nextAt: 50 } : null));
    expect(times(run([job('a', 0, 10)], engine))).toEqual({ a: [50, 60] });
  });

  it('refuses a device that is held', () => {
    const engine = new Scripted((now) => {
      const jobId = now === 0 ? 'a' : 'b';
      return now < 10 ? { starts: [{ jobId, nodeId: 'one', devices: ['gpu-0'] }] } : {};
    });
    expect(() => run([job('a', 0, 10), job('b', 1, 10)], engine)).toThrow('b was given gpu-0 on one, which a has');
  });

  it('says which job waits for ever', () => {
    expect(() => run([job('a', 0, 1), job('giant', 1, 1, { gpus: 3 })])).toThrow(
      '1 jobs wait and nothing is left to wait for; the first is giant',
    );
  });

  it('ends where an engine never comes to rest', () => {
    const engine = new Scripted(() => ({ nextAt: 0 }));
    expect(() => run([job('a', 0, 1)], engine)).toThrow('nothing is left to wait for');
    const restless = new Scripted((now) => ({ nextAt: now + 1 }));
    expect(() => run([job('a', 0, 1)], restless)).toThrow('nothing is left to wait for');
  });
});

describe('its figures', () => {
  it('are reckoned in seconds from submission, with the time without devices as waiting', () => {
    const nodes = [node('one', 2)];
    const jobs = [job('a', 1_000, 10_000, { gpus: 2 }), job('b', 3_000, 4_000)];
    expect(simulationFigures(run(jobs), nodes)).toEqual({
      jobs: 2,
      completionSeconds: { mean: 11, p50: 12, p90: 12, p99: 12, worst: 12 },
      waitingSeconds: { mean: 4, p50: 8, p90: 8, p99: 8, worst: 8 },
      makespanSeconds: 14,
      utilisationRatio: 24 / 28,
      preemptions: 0,
      passes: 4,
    });
  });
});
