// The proof is proven: with a guard taken away the simulation finds what it guards against, within so many seeds.
import { describe, expect, it } from 'vitest';
import type { Breakage } from './breakage.ts';
import { runScenario } from './batch.ts';
import type { Invariant } from './checks/violation.ts';
import { readOptions } from './options.ts';
import { scenarioOf, simulateFaults } from './simulation.ts';

const LONG_MS = 240_000;

/** What is violated first depends on the seed: one of these, within so many seeds from the first. */
const FOUND: readonly (readonly [Breakage, number, number, readonly Invariant[]])[] = [
  ['log-expectation', 12, 1, ['chain-broken', 'device-given-twice', 'term-shared']],
  ['log-previous', 20, 30, ['chain-broken', 'device-given-twice', 'term-shared']],
  ['log-fsync', 20, 5, ['chain-broken', 'command-lost', 'code-failed', 'never-ends']],
  ['journal-fsync', 12, 1, ['started-twice']],
  ['journal-dropped', 12, 1, ['started-twice']],
  ['set-installation', 20, 70, ['killed-unasked', 'fact-lost', 'never-ends']],
  ['granted-file', 20, 5, ['started-twice', 'fact-lost']],
  ['early-release', 12, 1, ['device-held-twice']],
  ['lease-guard', 20, 225, ['runs-twice', 'started-unasked']],
  ['lease-margin', 20, 20, ['runs-twice', 'started-unasked']],
];

async function firstViolation(guard: Breakage, seeds: number, from = 1): Promise<Invariant | null> {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violation } = await simulateFaults(scenarioOf(seed, [guard]));
    if (violation !== null) return violation.invariant;
  }
  return null;
}

describe('a failing scenario', () => {
  it('is made small, and can be played again', { timeout: LONG_MS }, async () => {
    const scenario = scenarioOf(6, ['early-release']);
    const [failure] = (await runScenario(scenario)).failures;
    const replayed = readOptions((failure?.trace ?? '').split(' '), 1).replayed ?? scenario;
    expect(replayed.faults.length + replayed.requests.length).toBeLessThan(5);
    expect((await simulateFaults(replayed)).violation).toEqual(failure?.violation);
  });
});

describe('a guard that is taken away', () => {
  it.each(FOUND)(
    '%s: its lack is noticed within %i seeds from %i',
    { timeout: LONG_MS },
    async (guard, seeds, from, invariants) => {
      expect(invariants).toContain(await firstViolation(guard, seeds, from));
    },
  );

  it.each<readonly [Breakage, string]>([
    ['lease', 'where everybody may lead at any time, the log alone keeps every promise'],
    ['set-revision', 'what an older set names the scheduler gives nothing to start with'],
  ])('is not missed if it is %s: %s', { timeout: LONG_MS }, async (guard, _why) => {
    expect(await firstViolation(guard, 12)).toBeNull();
  });
});
