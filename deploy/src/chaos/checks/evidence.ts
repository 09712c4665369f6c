// Gathers over REST what the platform shows of a job after the faults.
import { createHash } from 'node:crypto';
import type { JobView } from '@baton/contracts';
import { ApiError, type BatonClient } from '@baton/sdk';
import type { PowerCut } from '../users/run.ts';
import type { SubmittedJob } from '../users/submitter.ts';
import type { Finding, JobEvidence } from './job-check.ts';
import { readWitness } from './witness.ts';

const PART_LINES = 64;

export interface Gathering {
  readonly client: BatonClient;
  readonly witness: string;
  readonly words: string;
  readonly powerCuts: readonly PowerCut[];
}

export async function gather(gathering: Gathering, submitted: SubmittedJob): Promise<JobEvidence> {
  const { client, witness, words, powerCuts } = gathering;
  const view = await client.jobs.get(submitted.id);
  const own = readWitness(witness, submitted.id);
  const seen = { ...own, twice: [...own.twice, ...readWitness(witness, `${submitted.id}.rank-1`).twice] };
  const { items: events } = await client.jobs.events(submitted.id);
  const { items: points } = await client.jobs.metrics(submitted.id, { name: 'count' });
  const output = new Map<number, string>();
  const counts = new Map<number, number[]>();
  for (const { attempt, steps } of seen.runs) {
    if (steps.length > 0) output.set(attempt, await rawOutput(client, submitted.id, attempt));
    const printed = points.filter((point) => point.attempt === attempt);
    counts.set(
      attempt,
      printed.flatMap(({ values }) => values['count'] ?? []),
    );
  }
  return { submitted, view, events, witness: seen, output, counts, data: sha256(words), powerCuts };
}

async function rawOutput(client: BatonClient, id: string, attempt: number): Promise<string> {
  const path = `/jobs/${encodeURIComponent(id)}/logs/raw`;
  return orNothing(
    client.http.raw('GET', path, { query: { attempt } }).then((response) => response.text()),
    '',
  );
}

/** Every file of the last attempt, byte for byte, and all of them. */
export async function checkArtifacts(client: BatonClient, evidence: JobEvidence): Promise<Finding[]> {
  const { view, submitted, witness } = evidence;
  const last = witness.runs.at(-1);
  if (view.state !== 'succeeded' || !last) return [];
  const wrong: string[] = [];
  for (const number of last.steps) {
    const path = `part-${String(number).padStart(4, '0')}.txt`;
    const text = await artifact(client, view, { path, attempt: last.attempt });
    if (text !== `${submitted.id} ${number}\n`.repeat(PART_LINES)) wrong.push(path);
  }
  const stored = await orNothing(client.jobs.artifacts(submitted.id, { attempt: last.attempt }), null);
  const count = stored?.files.length ?? 0;
  if (count !== last.steps.length) wrong.push(`${count} files where ${last.steps.length} are to be`);
  if (wrong.length === 0) return [];
  const words = `${submitted.name} (${submitted.id}): ${wrong.slice(0, 3).join(', ')}`;
  return [{ which: 'artifactsCorrupt', words, count: wrong.length }];
}

interface Wanted {
  readonly path: string;
  readonly attempt: number;
}

async function artifact(client: BatonClient, { id }: JobView, { path, attempt }: Wanted): Promise<string> {
  const asked = client.jobs.artifact(id, path, { query: { attempt } });
  return orNothing(
    asked.then((response) => response.text()),
    '',
  );
}

/** What the platform says that it does not have. */
async function orNothing<T>(asked: Promise<T>, nothing: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return nothing;
    throw error;
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
