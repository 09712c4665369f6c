// What a scheduling pass costs with a long queue, and how that grows; how many starts a second the engine and the durable log do.
import { performance } from 'node:perf_hooks';
import { alikeNodes, newEngine, POLICIES, simulate } from '@baton/deploy/simulation';
import { type Benchmark, type Figures, quantile } from '../benchmark.ts';
import { note } from '../platform.ts';
import { durableStarts } from './durable-starts.ts';
import { GPUS_PER_NODE, jobsOf, type LoadSize, NODES, spanMs } from './load.ts';
import { heapBytes } from './memory.ts';
import { TimedEngine } from './timed-engine.ts';

const SEED = 1;
const ARRIVING = 10_000;
const MAIN = 100_000;
/** Ends between two passes, and as many arrivals, where they come as fast as the engine starts others. */
const AT_ONCE = 250;
const SIZES = { '1k': 1_000, '10k': 10_000, '100k': MAIN, '1m': 1_000_000 } as const;
const { policy } = POLICIES.default;

export const schedulePass: Benchmark = {
  method:
    `${NODES} nodes of ${GPUS_PER_NODE} GPUs, full; ${MAIN} jobs of 36 shapes by 200 users of 20 groups queued, limits of one to five times the run time. Then ` +
    `${ARRIVING} more arrive, one by one, at the rate at which jobs end. After each end and each arrival there is a pass of the production engine: its ` +
    'time is that of the plan, of being told of the end or arrival, and of being told of the starts of the plan before; startsPerSecond is over the whole of ' +
    'that time. The same with 1,000, 10,000 and 1,000,000 queued; growthRatio is the median pass at a million to that at a thousand. startsPerSecondAtOnce: the same, but ' +
    `${AT_ONCE} jobs end and ${AT_ONCE} arrive between two passes, as the leader's pass takes all that has happened since the one before. durableStartsPerSecond: ` +
    "the scheduler's leader on its stream in a real nats-server that syncs each write, one pass over empty nodes, one commit for each start, until the last is " +
    'durable. durableTurnoversPerSecond: agents that end every job at once; three commits for each job.',
  targets: [
    { figure: 'passP99Ms', op: '<=', value: 10 },
    { figure: 'startsPerSecond', op: '>=', value: 10_000 },
    { figure: 'durableStartsPerSecond', op: '>=', value: 3_000 },
  ],
  async run() {
    const figures: Record<string, number> = { ...memoryFigures() };
    for (const [label, queued] of Object.entries(SIZES)) {
      const { p50Ms, p99Ms, worstMs, startsPerSecond } = passes({ queued, arriving: ARRIVING });
      figures[`passP50At${label}Ms`] = p50Ms;
      figures[`passP99At${label}Ms`] = p99Ms;
      if (queued !== MAIN) continue;
      Object.assign(figures, { passP50Ms: p50Ms, passP99Ms: p99Ms, passWorstMs: worstMs, startsPerSecond });
    }
    const stepMs = Math.round((AT_ONCE * spanMs(ARRIVING)) / ARRIVING);
    const many = passes({ queued: MAIN, arriving: ARRIVING, stepMs });
    Object.assign(figures, { startsPerSecondAtOnce: many.startsPerSecond, passP50AtOnceMs: many.p50Ms });
    figures['growthRatio'] = (figures['passP50At1mMs'] ?? Number.NaN) / (figures['passP50At1kMs'] ?? Number.NaN);
    return { ...figures, ...(await durableStarts()) } satisfies Figures;
  },
};

interface Passes {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly startsPerSecond: number;
}

function passes(size: LoadSize): Passes {
  const { queued, arriving } = size;
  const jobs = jobsOf(size, SEED);
  const engine = new TimedEngine(newEngine(policy), () => performance.now());
  simulate(jobs, engine, { nodes: alikeNodes(NODES, GPUS_PER_NODE), restartCostMs: 0, stopAt: spanMs(arriving) });
  // The first fills the nodes, the second is told of the queue.
  const [fillMs = 0, queuedMs = 0, ...passMs] = engine.passMs;
  const wholeMs = passMs.reduce((sum, each) => sum + each, 0);
  const result = {
    p50Ms: quantile(passMs, 0.5),
    p99Ms: quantile(passMs, 0.99),
    worstMs: quantile(passMs, 1),
    startsPerSecond: (engine.starts - engine.startsOfFirst) / (wholeMs / 1_000),
  };
  note(
    `${queued} queued${size.stepMs === undefined ? '' : `, ${AT_ONCE} at once`}: nodes filled in ${fillMs.toFixed(0)} ms, queued in ${queuedMs.toFixed(0)} ms; ${passMs.length} passes, p50 ${result.p50Ms.toFixed(3)}, p99 ${result.p99Ms.toFixed(3)}, ` +
      `worst ${result.worstMs.toFixed(1)} ms; ${result.startsPerSecond.toFixed(0)} starts a second`,
  );
  return result;
}

/** Of the engine with the queue that is measured, and the jobs as they are queued. */
function memoryFigures(): Figures {
  const engine = newEngine(policy);
  const before = heapBytes();
  for (const [index, job] of jobsOf({ queued: MAIN, arriving: 0 }, SEED).entries())
    engine.queue({ ...job, order: index + 1, nextAttempt: 1, servedMs: 0, graceMs: 0, reservation: null });
  const bytes = heapBytes() - before;
  engine.plan(0);
  return { queuedJobBytes: bytes / MAIN, queueMb: bytes / 1e6 };
}
