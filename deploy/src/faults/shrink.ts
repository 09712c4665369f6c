// Makes a failing scenario small: as few faults and requests as still bring the same violation.
import { type Outcome, type Scenario, simulateFaults } from './simulation.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  /** Simulations that it took. */
  readonly tries: number;
}

type List = 'faults' | 'requests';

/** `outcome` is the scenario's own. */
export async function shrink(scenario: Scenario, outcome: Outcome, mostTries = 150): Promise<Shrunk> {
  let best: Shrunk = { scenario, outcome, tries: 0 };
  const isSame = (other: Outcome) => other.violation?.invariant === outcome.violation?.invariant;

  async function tryWithout(list: List, from: number, count: number): Promise<boolean> {
    const items: readonly unknown[] = best.scenario[list];
    const rest = items.filter((_, index) => index < from || index >= from + count);
    const smaller = { ...best.scenario, [list]: rest } as Scenario;
    const told = await simulateFaults(smaller);
    const tries = best.tries + 1;
    best = isSame(told) ? { scenario: smaller, outcome: told, tries } : { ...best, tries };
    return isSame(told);
  }

  /** Halves first, then single ones. */
  async function shorten(list: List): Promise<void> {
    for (
      let count = Math.ceil(best.scenario[list].length / 2);
      count >= 1;
      count = count === 1 ? 0 : Math.ceil(count / 2)
    )
      for (let from = 0; from < best.scenario[list].length && best.tries < mostTries;)
        if (!(await tryWithout(list, from, count))) from += count;
  }

  let size = Number.POSITIVE_INFINITY;
  while (sizeOf(best.scenario) < size && best.tries < mostTries) {
    size = sizeOf(best.scenario);
    await shorten('faults');
    await shorten('requests');
  }
  return best;
}

function sizeOf({ faults, requests }: Scenario): number {
  return faults.length + requests.length;
}
