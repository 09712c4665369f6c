// Two public traces through the scheduler's engine: textbook policies beside an independent simulator of them, and the default.
import { newEngine, POLICIES, type PolicyName, replay, type TraceJob, type Limits } from '@baton/deploy/simulation';
import { DEFAULT_POLICY } from '@baton/contracts';
import type { Benchmark, Figures } from './benchmark.ts';
import { note } from './platform.ts';
import type { Cluster, Completions, ReferenceJob } from './reference/job.ts';
import { repacking, srtf, twoDimensionalLas } from './reference/repacking.ts';
import { easy, fifo, sjf, withoutPreemption } from './reference/without-preemption.ts';
import { readTraceFile, TRACES, type TraceName } from './trace-files.ts';

const SEEDS = 10;
const AGREES_WITHIN = 0.025;

interface Run {
  /** In the names of figures. */
  readonly label: string;
  readonly policy: PolicyName;
  /** Absent: time limits of up to five times the run time, ten seeds. */
  readonly limits?: Limits;
  /** What the engine is to agree with. */
  readonly reference?: (jobs: readonly ReferenceJob[], cluster: Cluster) => Completions;
  /** What each start after a preemption adds to a job's time on its devices; none unless said. */
  readonly restartCostMs?: number;
}

const RESTART_MS = 30_000;
const LAS_THRESHOLDS_MS = DEFAULT_POLICY.lasThresholdsDeviceSeconds.map((seconds) => seconds * 1_000);

const EXACT: Limits = { kind: 'exact' };
const RUNS: readonly Run[] = [
  { label: 'Fifo', policy: 'fifo', limits: EXACT, reference: (...of) => withoutPreemption(...of, fifo) },
  { label: 'EasyExact', policy: 'easy-exact', limits: EXACT, reference: (...of) => withoutPreemption(...of, easy) },
  { label: 'Easy', policy: 'easy' },
  { label: 'Sjf', policy: 'sjf', limits: EXACT, reference: (...of) => withoutPreemption(...of, sjf) },
  { label: 'Srtf', policy: 'srtf', limits: EXACT, reference: (...of) => repacking(...of, srtf) },
  {
    label: 'Las',
    policy: 'las',
    limits: EXACT,
    reference: (...of) => repacking(...of, twoDimensionalLas(LAS_THRESHOLDS_MS)),
  },
  { label: 'Default', policy: 'default' },
  { label: 'Preemptive', policy: 'preemptive', restartCostMs: RESTART_MS },
  { label: 'Fast', policy: 'fast', restartCostMs: RESTART_MS },
];
const COMPARED = RUNS.filter(({ reference }) => reference !== undefined);

export const traces: Benchmark = {
  method:
    'Muri trace3 on 8 nodes of 8 GPUs and ElasticFlow cluster07 on 40 nodes of 8 (bench/traces), through the production engine with a fake clock. ' +
    'FIFO, SJF, EASY-exact and SRTF see run times exactly, LAS needs none; an independent simulator of them runs beside ' +
    '(DifferenceRatio of the mean completion times), and stopping a job costs nothing. The others see time limits only: the run time times a ' +
    `factor that is uniform between 1 and 5, means over ${SEEDS} seeds. Preemptive and Fast stop running jobs for those that go before them; each ` +
    `restart adds ${RESTART_MS / 1_000} s to a job. Seconds from submission to the end.`,
  targets: [
    ...Object.keys(TRACES).flatMap((trace) =>
      COMPARED.map(({ label }) => ({
        figure: `${trace}${label}DifferenceRatio`,
        op: '<=' as const,
        value: AGREES_WITHIN,
      })),
    ),
    { figure: 'trace3DefaultMeanSeconds', op: '<=', value: 340_000 },
    { figure: 'trace3DefaultP99Seconds', op: '<=', value: 1_460_000 },
    { figure: 'trace3DefaultWorstSeconds', op: '<=', value: 1_750_000 },
    { figure: 'cluster07DefaultMeanSeconds', op: '<=', value: 30_500 },
    { figure: 'cluster07DefaultP99Seconds', op: '<=', value: 404_900 },
    { figure: 'trace3PreemptiveMeanSeconds', op: '<=', value: 240_000 },
    { figure: 'trace3PreemptiveP99Seconds', op: '<=', value: 1_500_000 },
    { figure: 'trace3PreemptiveWorstSeconds', op: '<=', value: 2_400_000 },
    { figure: 'cluster07PreemptiveMeanSeconds', op: '<=', value: 27_500 },
    { figure: 'cluster07PreemptiveP99Seconds', op: '<=', value: 420_000 },
    { figure: 'trace3FastMeanSeconds', op: '<=', value: 198_000 },
    { figure: 'trace3FastP99Seconds', op: '<=', value: 2_300_000 },
  ],
  run: async () => {
    const figures: Record<string, number> = {};
    for (const name of Object.keys(TRACES) as TraceName[]) {
      const trace = readTraceFile(TRACES[name]);
      note(`${name}: ${trace.length} jobs${HEADINGS.map((heading) => heading.padStart(WIDTH)).join('')}`);
      for (const run of RUNS) Object.assign(figures, measured(name, trace, run));
    }
    return figures;
  },
};

interface Summary {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

const HEADINGS = ['mean', 'p50', 'p99', 'worst', 'reference', 'preemptions', 'passes', 'seconds'];
const WIDTH = 12;

function measured(name: TraceName, trace: readonly TraceJob[], run: Run): Figures {
  const { label, policy, limits = { kind: 'factor', most: 5 }, restartCostMs = 0 } = run;
  const replays = Array.from({ length: limits.kind === 'factor' ? SEEDS : 1 }, (_, index) =>
    replay({
      ...TRACES[name],
      trace,
      policy: POLICIES[policy].policy,
      limits,
      seed: index + 1,
      restartCostMs,
      engine: newEngine,
    }),
  );
  const mean = (of: (replay: (typeof replays)[number]) => number) =>
    replays.reduce((sum, each) => sum + of(each), 0) / replays.length;
  const completion = (key: keyof Summary) => mean(({ figures }) => figures.completionSeconds[key]);
  const summary: Summary = {
    mean: completion('mean'),
    p50: completion('p50'),
    p99: completion('p99'),
    worst: completion('worst'),
  };
  const reference = run.reference ? referenceMean(trace, name, run.reference) : null;
  const { mean: meanSeconds, p50, p99, worst } = summary;
  const preemptions = mean(({ figures }) => figures.preemptions);
  const wall = [preemptions, mean(({ figures }) => figures.passes), mean(({ wallClock }) => wallClock.seconds)];
  const cells = [meanSeconds, p50, p99, worst, reference ?? Number.NaN, ...wall];
  note(label.padEnd(18) + cells.map((cell) => (Number.isNaN(cell) ? '' : cell.toFixed(0)).padStart(WIDTH)).join(''));
  return {
    [`${name}${label}MeanSeconds`]: meanSeconds,
    [`${name}${label}P50Seconds`]: p50,
    [`${name}${label}P99Seconds`]: p99,
    [`${name}${label}WorstSeconds`]: worst,
    ...(preemptions === 0 ? {} : { [`${name}${label}Preemptions`]: preemptions }),
    ...(reference === null
      ? {}
      : {
          [`${name}${label}ReferenceMeanSeconds`]: reference,
          [`${name}${label}DifferenceRatio`]: Math.abs(meanSeconds / reference - 1),
        }),
  };
}

function referenceMean(trace: readonly TraceJob[], name: TraceName, run: NonNullable<Run['reference']>): number {
  const jobs = trace.map(({ submittedAt, durationMs, gpus }) => ({ submittedAt, duration: durationMs, gpus }));
  const completions = run(jobs, TRACES[name]);
  return completions.reduce((sum, each) => sum + each, 0) / completions.length / 1_000;
}
