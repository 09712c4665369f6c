// Many seeds in a row, and what is worth telling of them.
import type { Breakage } from './breakage.ts';
import { INVARIANTS, type Violation } from './checks/violation.ts';
import { type Outcome, type Scenario, scenarioOf, simulateFaults } from './simulation.ts';
import { shrink } from './shrink.ts';
import { traceOf } from './trace.ts';

export interface Seeds {
  readonly from: number;
  readonly count: number;
  /** Every so manyth seed from there. */
  readonly stride: number;
  readonly broken: readonly Breakage[];
}

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
  /** Makes it happen again, with as little as needed. */
  readonly trace: string;
}

export interface Tally {
  readonly seeds: number;
  readonly faults: number;
  readonly steps: number;
  readonly commits: number;
  readonly attempts: number;
  readonly simulatedMs: number;
  readonly failures: readonly Failure[];
}

export const NOTHING: Tally = { seeds: 0, faults: 0, steps: 0, commits: 0, attempts: 0, simulatedMs: 0, failures: [] };
/** More say no more, and shrinking takes time. */
const MOST_FAILURES = 2;

/** One after the other: what is to be told of each. */
export async function* runSeeds({ from, count, stride, broken }: Seeds): AsyncGenerator<Tally> {
  let failures = 0;
  for (let index = 0; index < count && failures < MOST_FAILURES; index += 1) {
    const tally = await runScenario(scenarioOf(from + index * stride, broken));
    failures += tally.failures.length;
    yield tally;
  }
}

export async function runScenario(scenario: Scenario): Promise<Tally> {
  const outcome = await simulateFaults(scenario);
  const { steps, commits, attempts, untilMs } = outcome;
  const failures = outcome.violation === null ? [] : [await failureOf(scenario, outcome, outcome.violation)];
  return { seeds: 1, faults: scenario.faults.length, steps, commits, attempts, simulatedMs: untilMs, failures };
}

async function failureOf(scenario: Scenario, outcome: Outcome, first: Violation): Promise<Failure> {
  const small = await shrink(scenario, outcome);
  return { seed: scenario.seed, violation: small.outcome.violation ?? first, trace: traceOf(small.scenario) };
}

export function added(one: Tally, other: Tally): Tally {
  return {
    seeds: one.seeds + other.seeds,
    faults: one.faults + other.faults,
    steps: one.steps + other.steps,
    commits: one.commits + other.commits,
    attempts: one.attempts + other.attempts,
    simulatedMs: one.simulatedMs + other.simulatedMs,
    failures: [...one.failures, ...other.failures],
  };
}

/** For people. */
export function reportOf(tally: Tally, seconds: number): string {
  const { seeds, faults, commits, attempts, simulatedMs, failures } = tally;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const what = `${seeds} seeds, ${faults} faults, ${attempts} attempts, ${commits} commits, ${hours} simulated hours`;
  const head = `${what} in ${seconds.toFixed(0)} s: ${failures.length === 0 ? 'nothing is violated' : 'VIOLATED'}\n`;
  return head + failures.map(failureText).join('');
}

function failureText({ seed, violation, trace }: Failure): string {
  const { invariant, at, what } = violation;
  return `\nseed ${seed}, at ${at} ms: ${INVARIANTS[invariant]}\n  ${what}\n  npm run simulate:faults -- ${trace}\n`;
}
