// How often the ranges of forecasts hold, and how wide they are: over synthetic loads and a public trace, with a fake clock.
import { DEFAULT_POLICY, type PinnedSpec } from '@baton/contracts';
import { forecastReplay, random, type TraceJob, type TrueJob } from '@baton/deploy/simulation';
import type { Benchmark, Figures } from './benchmark.ts';
import { note } from './platform.ts';
import { readTraceFile, TRACES } from './trace-files.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const POLICY = { ...DEFAULT_POLICY, handOff: { ...DEFAULT_POLICY.handOff, enabled: false } };
const TRACE_GPUS = 64;
const LOAD_JOBS = 500;
const LOAD_GPUS = 4;
const PROGRAMS = 15;
const USERS = 5;

interface Run {
  readonly jobs: readonly TrueJob[];
  readonly gpus: number;
  readonly everyMs: number;
}

const RUNS: Readonly<Record<string, () => Run>> = {
  steady: () => ({ jobs: aLoad({ load: 0.9, spread: 2, hasLimits: false }), gpus: LOAD_GPUS, everyMs: 5 * MINUTE_MS }),
  overload: () => ({ jobs: aLoad({ load: 1.1, spread: 3, hasLimits: true }), gpus: LOAD_GPUS, everyMs: 5 * MINUTE_MS }),
  trace3: () => ({ jobs: traceJobs(readTraceFile(TRACES.trace3)), gpus: TRACE_GPUS, everyMs: 24 * HOUR_MS }),
};

export const forecasts: Benchmark = {
  method:
    'Jobs are played through the scheduler with a fake clock; while jobs wait, the futures of the present are played as for `baton queue`, the first ' +
    'forecast of each job is judged when it starts and ends, and ranges are stated by what was learned from those judged before. steady and overload: ' +
    `${LOAD_JOBS} jobs of ${PROGRAMS} programs on ${LOAD_GPUS} GPUs, in bursts, of 0.9 and 1.1 times what these can do; run times differ by up to 2 and 3 times either way, ` +
    `and overload has limits of 1 to 5 times the run time. trace3: the public trace on one node of ${TRACE_GPUS} GPUs, with such limits, by nobody in ` +
    'particular, told of once a day. Coverage is of the ranges of which it was said that they hold 80 %.',
  targets: Object.keys(RUNS).flatMap((run) =>
    ['Start', 'End', 'RunTime'].flatMap((what) => [
      { figure: `${run}${what}CoverageRatio`, op: '>=' as const, value: 0.75 },
      { figure: `${run}${what}CoverageRatio`, op: '<=' as const, value: 0.85 },
    ]),
  ),
  async run() {
    return Object.entries(RUNS).reduce<Figures>(
      (figures, [name, run]) => ({ ...figures, ...figuresOf(name, run()) }),
      {},
    );
  },
};

function figuresOf(name: string, { jobs, gpus, everyMs }: Run): Figures {
  const { start, end, runTime } = forecastReplay(jobs, {
    nodes: [aNode(gpus)],
    policy: POLICY,
    everyMs,
    mostQueued: 30,
  });
  note(`${name}: done`);
  const told = { Start: start, End: end, RunTime: runTime };
  return Object.fromEntries(
    Object.entries(told).flatMap(([what, { ranges, coverage, medianWidthMs, medianAbsoluteErrorMs }]) => [
      [`${name}${what}Ranges`, ranges],
      [`${name}${what}CoverageRatio`, coverage ?? Number.NaN],
      [`${name}${what}MedianWidthSeconds`, (medianWidthMs ?? Number.NaN) / 1_000],
      [`${name}${what}MedianErrorSeconds`, (medianAbsoluteErrorMs ?? Number.NaN) / 1_000],
    ]),
  );
}

interface Load {
  /** Of what the GPUs can do. */
  readonly load: number;
  /** Run times of a program differ by up to this factor either way. */
  readonly spread: number;
  readonly hasLimits: boolean;
}

const BURSTS = 0.3;

function aLoad({ load, spread, hasLimits }: Load): TrueJob[] {
  const draw = random(5);
  const usual = Array.from({ length: PROGRAMS }, () => 5 * MINUTE_MS * 8 ** draw());
  const meanMs = usual.reduce((sum, ms) => sum + ms, 0) / PROGRAMS;
  const meanFactor = (spread - 1 / spread) / 2 / Math.log(spread);
  let at = 0;
  return Array.from({ length: LOAD_JOBS }, (_, index) => {
    const program = Math.floor(PROGRAMS * draw());
    if (draw() < BURSTS) at += (-Math.log(1 - draw()) * meanMs * meanFactor) / LOAD_GPUS / BURSTS / load;
    const durationMs = Math.ceil((usual[program] ?? 0) * spread ** (2 * draw() - 1));
    const timeLimitMs = hasLimits ? Math.ceil(durationMs * (1 + 4 * draw())) : null;
    const spec = aSpec(`program-${Math.floor(program / USERS)}`, 1, timeLimitMs);
    return { id: `job-${index}`, userId: `usr_${program % USERS}`, spec, submittedAt: Math.floor(at), durationMs };
  });
}

function traceJobs(trace: readonly TraceJob[]): TrueJob[] {
  const draw = random(3);
  return trace
    .toSorted((a, b) => a.submittedAt - b.submittedAt)
    .map(({ id, gpus, submittedAt, durationMs: ranMs, user }) => {
      const durationMs = Math.max(1, ranMs);
      const spec = aSpec('job', Math.min(gpus, TRACE_GPUS), Math.ceil(durationMs * (1 + 4 * draw())));
      return { id, userId: user ?? 'everybody', spec, submittedAt, durationMs };
    });
}

function aSpec(name: string, gpus: number, timeLimitMs: number | null): PinnedSpec {
  return {
    name,
    code: null,
    command: ['true'],
    datasets: [],
    env: {},
    secrets: [],
    resources: { gpus, cpus: 0, memoryBytes: 0 },
    nodeId: null,
    timeLimitMs,
    retries: 0,
    environment: {},
    outputs: { model: null },
    labels: {},
  };
}

function aNode(gpus: number) {
  const devices = Array.from({ length: gpus }, (_, index) => ({
    id: `gpu-${index}`,
    kind: 'gpu' as const,
    index,
    model: 'gpu',
    memoryBytes: 0,
  }));
  const description = { name: 'node', devices, cpus: 8, memoryBytes: 2 ** 34, labels: {}, agentVersion: '0' };
  const state = { phase: 'known', description, reachable: true, cordoned: null, admission: null } as const;
  return { id: 'nod_a', heard: true, state };
}
