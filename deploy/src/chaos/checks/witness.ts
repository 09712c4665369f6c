// What the jobs themselves have noted beside the platform: what did happen, whatever the platform says.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Note {
  readonly what: 'begin' | 'step' | 'failed' | 'end' | 'twice';
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly number?: number;
  readonly data?: string;
}

/** One process of a job, from its first note to its last. */
export interface WitnessedRun {
  readonly attempt: number;
  /** The number that its checkpoint had. */
  readonly from: number;
  readonly steps: readonly number[];
  readonly beganAt: number;
  readonly lastAt: number;
  readonly end: 'end' | 'failed' | null;
  /** SHA-256 of its dataset. */
  readonly data: string;
}

export interface Witness {
  readonly runs: readonly WitnessedRun[];
  /** Attempts that found another process of the same job at work. */
  readonly twice: readonly number[];
}

/** `name`: of a job its id, and of its second rank that with `.rank-1`. */
export function readWitness(folder: string, name: string): Witness {
  const path = join(folder, `${name}.ndjson`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return witnessOf(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Note),
  );
}

/** Each `begin` is a run of its own. */
export function witnessOf(notes: readonly Note[]): Witness {
  const begins = notes.flatMap((note, index) => (note.what === 'begin' ? [index] : []));
  const runs = begins.flatMap((index, count) => {
    const [begin, ...others] = notes.slice(index, begins[count + 1]).filter((note) => note.what !== 'twice');
    return begin ? [runOf(begin, others)] : [];
  });
  return { runs, twice: notes.flatMap(({ what, attempt }) => (what === 'twice' ? [attempt] : [])) };
}

function runOf(begin: Note, others: readonly Note[]): WitnessedRun {
  const { attempt, at, number = 0, data = '' } = begin;
  const last = others.at(-1) ?? begin;
  return {
    attempt,
    from: number,
    data,
    beganAt: at,
    lastAt: last.at,
    steps: others.flatMap(({ what, number }) => (what === 'step' && number !== undefined ? [number] : [])),
    end: last.what === 'end' || last.what === 'failed' ? last.what : null,
  };
}
