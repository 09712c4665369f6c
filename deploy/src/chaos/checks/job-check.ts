// One job, as the platform shows it after the faults, against what its processes have noted: the invariants.
import { isFinal, type JobEventView, type JobView } from '@baton/contracts';
import type { Tally } from '../tally.ts';
import type { PowerCut } from '../users/run.ts';
import type { SubmittedJob } from '../users/submitter.ts';
import type { Witness, WitnessedRun } from './witness.ts';

export interface JobEvidence {
  readonly submitted: SubmittedJob;
  readonly view: JobView;
  readonly events: readonly JobEventView[];
  readonly witness: Witness;
  /** What standard output holds, by attempt. */
  readonly output: ReadonlyMap<number, string>;
  /** The counts among the metrics, by attempt, as they came. */
  readonly counts: ReadonlyMap<number, readonly number[]>;
  /** SHA-256 of the dataset that it was given. */
  readonly data: string;
  readonly powerCuts: readonly PowerCut[];
}

export interface Finding {
  readonly which: keyof Pick<
    Tally,
    'lost' | 'doubled' | 'logLinesLost' | 'metricsLost' | 'checkpointsLost' | 'artifactsCorrupt' | 'commandsLost'
  >;
  readonly words: string;
  readonly count?: number;
}

export function checkJob(evidence: JobEvidence): Finding[] {
  const found = [
    ...checkEnd(evidence),
    ...checkOnce(evidence),
    ...checkCheckpoints(evidence),
    ...checkCommands(evidence),
    ...evidence.witness.runs.flatMap((run) => checkTraces(evidence, run)),
  ];
  const { id, name } = evidence.submitted;
  return found.map(({ words, ...finding }) => ({ ...finding, words: `${name} (${id}): ${words}` }));
}

function checkEnd({ view, submitted, witness }: JobEvidence): Finding[] {
  const { state, message } = view;
  if (!isFinal(state)) return [{ which: 'lost', words: `still ${state}: ${message}` }];
  if (state === 'cancelled')
    return submitted.cancelled ? [] : [{ which: 'lost', words: `cancelled by nobody: ${message}` }];
  if (state === 'failed' && !hasGivenUp(view)) return [{ which: 'lost', words: `failed: ${message}` }];
  if (state === 'failed') return [];
  const last = witness.runs.at(-1);
  if (last?.end === 'end' && last.from + last.steps.length === submitted.steps) return [];
  return [{ which: 'lost', words: `succeeded, but its last run ended at ${last?.steps.at(-1)} of ${submitted.steps}` }];
}

const MOST_LOSSES = 5;

/** The platform has lost it too often. */
export function hasGivenUp({ state, counters }: JobView): boolean {
  return state === 'failed' && counters.infrastructureLosses > MOST_LOSSES;
}

/** Never two processes at a time, never an attempt that the log does not know, never one attempt twice. */
function checkOnce({ view, witness, events }: JobEvidence): Finding[] {
  const twice = witness.twice.map((attempt): Finding => ({
    which: 'doubled',
    words: `attempt ${attempt} found another at work`,
  }));
  const known = new Set(view.attempts.map(({ attempt }) => attempt));
  const strangers = witness.runs.filter(({ attempt }) => !known.has(attempt));
  const repeated = witness.runs.filter(({ attempt }, index) => witness.runs[index + 1]?.attempt === attempt);
  const ends = attemptNumbers(events, 'AttemptEnded');
  const endedTwice = ends.filter((attempt, index) => ends.indexOf(attempt) !== index);
  return [
    ...twice,
    ...strangers.map(({ attempt }): Finding => ({
      which: 'doubled',
      words: `attempt ${attempt} ran, and the log has none`,
    })),
    ...repeated.map(({ attempt }): Finding => ({ which: 'doubled', words: `attempt ${attempt} ran twice` })),
    ...endedTwice.map((attempt): Finding => ({ which: 'doubled', words: `attempt ${attempt} ended twice in the log` })),
  ];
}

function attemptNumbers(events: readonly JobEventView[], type: string): number[] {
  const all = events.flatMap((commit) => commit.events);
  return all.flatMap((event) => (event.type === type ? [(event.data as { attempt: number }).attempt] : []));
}

/**
 * A number is noted before it is in the checkpoint: the next run begins with it, or with the one before. One that runs by lease may go
 * on elsewhere while its node is silent, with what was stored of its checkpoints before; and so does one whose server has lost its power.
 */
function checkCheckpoints(evidence: JobEvidence): Finding[] {
  const { witness, submitted } = evidence;
  return witness.runs.slice(1).flatMap((run, index): Finding[] => {
    const before = witness.runs[index];
    const reached = reachedBy(before);
    const earlier = witness.runs.slice(0, index + 1);
    // One of them may have begun elsewhere, or after a cut, from what was stored; this one is back where the others had got further.
    const mayBeBack = submitted.isLeased || earlier.some((one) => wasCut(evidence, one));
    const furthest = mayBeBack ? Math.max(...earlier.map(reachedBy)) : reached;
    if (run.from > furthest)
      return [{ which: 'doubled', words: `attempt ${run.attempt} began at ${run.from}, after ${furthest}` }];
    if (run.from >= reached - 1 || submitted.isLeased || (before && wasCut(evidence, before))) return [];
    return [
      {
        which: 'checkpointsLost',
        words: `attempt ${run.attempt} began at ${run.from}, and ${reached} had been reached`,
      },
    ];
  });
}

function reachedBy(run: WitnessedRun | undefined): number {
  return run?.steps.at(-1) ?? run?.from ?? 0;
}

function checkCommands({ submitted, events }: JobEvidence): Finding[] {
  const types = events.flatMap((commit) => commit.events.map(({ type }) => type));
  const count = (type: string) => types.filter((one) => one === type).length;
  const lost: Finding[] = [];
  if (submitted.cancelled && !types.some((type) => type === 'CancelRequested' || type === 'JobCancelled')) {
    lost.push({ which: 'commandsLost', words: 'its cancellation was acknowledged, and is not in the log' });
  }
  for (const [type, acknowledged] of [
    ['JobHeld', submitted.holds],
    ['JobReleased', submitted.releases],
  ] as const) {
    const missing = acknowledged - count(type);
    if (missing > 0)
      lost.push({ which: 'commandsLost', words: `${missing} ${type} are not in the log`, count: missing });
  }
  return lost;
}

/** For so long after it has ended, what a run left may wait on its server for streams and stores that are away. */
const WAITING_MS = 60_000;

/** It ran when the power of its server was cut, or had left there what was not stored yet. */
function wasCut({ view, powerCuts }: JobEvidence, { attempt, beganAt, lastAt }: WitnessedRun): boolean {
  const { nodeName } = view.attempts.find((one) => one.attempt === attempt) ?? {};
  const server = nodeName === 'joined' ? 'second' : 'first';
  return powerCuts.some(
    ({ servers, from, to }) => servers.includes(server) && beganAt < to && lastAt > from - WAITING_MS,
  );
}

/** Its node was not heard any more, and the job went on elsewhere: what came from there later does not count. */
function wasGivenUp({ view }: JobEvidence, { attempt }: WitnessedRun): boolean {
  return view.attempts.find((one) => one.attempt === attempt)?.result?.fence !== undefined;
}

/**
 * What was written is in the log and among the metrics, once and in order. The last line may have been written and not noted. What
 * was not stored when the power went, or when the attempt was given up, is lost, to the end, and the last line of what is there may be torn.
 */
function checkTraces(evidence: JobEvidence, run: WitnessedRun): Finding[] {
  const { output, counts, data } = evidence;
  const { attempt, steps } = run;
  const isCut = wasCut(evidence, run) || wasGivenUp(evidence, run);
  const lines = (output.get(attempt) ?? '').split('\n').filter(Boolean);
  const metrics = counts.get(attempt) ?? [];
  const due = (there: number) => (isCut ? steps.slice(0, Math.max(0, there - 1)) : steps);
  const wrongLines = due(lines.length).filter(
    (number, index) => lines[index] !== `step=${number} count=${number}`,
  ).length;
  const wrongMetrics = due(metrics.length).filter((number, index) => metrics[index] !== number).length;
  const found: Finding[] = [];
  if (wrongLines > 0 || lines.length > steps.length + 1) {
    const words = `attempt ${attempt} wrote ${steps.length} lines, ${wrongLines} are not in their place among ${lines.length}`;
    found.push({ which: 'logLinesLost', words, count: Math.max(1, wrongLines) });
  }
  if (wrongMetrics > 0 || metrics.length > steps.length + 1) {
    const words = `attempt ${attempt}: of ${steps.length} metrics ${wrongMetrics} are not in their place among ${metrics.length}`;
    found.push({ which: 'metricsLost', words, count: Math.max(1, wrongMetrics) });
  }
  if (run.data !== data) found.push({ which: 'artifactsCorrupt', words: `attempt ${attempt} was given other data` });
  return found;
}
