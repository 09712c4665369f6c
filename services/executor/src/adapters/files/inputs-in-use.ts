// What the attempts of the journal use of the node's cache: read from the journal, and from what each attempt's folder says.
import type { DesiredAttempt } from '@baton/contracts';
import { readFile } from 'node:fs/promises';
import type { StatePaths } from './attempt-paths.ts';

/** `trees/<digest>` and `environments/<name>`. */
export async function inputsInUse(
  paths: StatePaths,
  attempts: readonly DesiredAttempt[],
): Promise<ReadonlySet<string>> {
  const environments = attempts.map((spec) => readFile(paths.attempt(spec).environment, 'utf8').catch(() => ''));
  const names = (await Promise.all(environments)).filter((name) => name !== '');
  return new Set([...attempts.flatMap(treesOf), ...names.map((name) => `environments/${name}`)]);
}

function treesOf(spec: DesiredAttempt): string[] {
  const digests = [spec.code, spec.checkpoints, ...spec.datasets.map(({ digest }) => digest)];
  return digests.flatMap((digest) => (digest === null ? [] : [`trees/${digest}`]));
}
