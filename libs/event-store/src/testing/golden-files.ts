// The golden histories: for each version of each event commits as they were once stored, and what they came to.
import type { AggregateName } from '@baton/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import type { RecordedCommit } from '../port.ts';
import { decodeCommit } from '../stored-commit.ts';

/** From the folder of the sources and of what is built alike. */
const FOLDER = new URL('../../golden/', import.meta.url);
export const CHECKSUMS = 'SHA256SUMS';

export interface GoldenFile {
  /** `job/JobSubmitted.v1.json` */
  readonly path: string;
  readonly type: string;
  readonly v: number;
  readonly subject: string;
  readonly commits: readonly object[];
  readonly state: unknown;
}

export function goldenPaths(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .toSorted();
}

export function goldenBytes(path: string): Buffer {
  return readFileSync(new URL(path, FOLDER));
}

export function goldenFilesOf(aggregate: AggregateName): GoldenFile[] {
  return goldenPaths()
    .filter((path) => path.startsWith(`${aggregate}/`))
    .map(goldenFile);
}

export function goldenFile(path: string): GoldenFile {
  const [, type = '', v] = /^[a-z]+\/([A-Za-z]+)\.v(\d+)\.json$/.exec(path) ?? [];
  const file = JSON.parse(goldenBytes(path).toString('utf8')) as Omit<GoldenFile, 'path' | 'type' | 'v'>;
  return { ...file, path, type, v: Number(v) };
}

/** The commits as the log gives them: the bytes are those that were stored, whatever the file's white space. */
export function recordedCommits({ subject, commits }: GoldenFile): RecordedCommit[] {
  return commits.map((commit, index) => decodeCommit(index + 1, subject, Buffer.from(JSON.stringify(commit))));
}

/** A state as JSON: maps as their entries, sets as their members. */
export function plainState(state: unknown): unknown {
  const text = JSON.stringify(state, (_key, value: unknown) => {
    if (value instanceof Map || value instanceof Set) return [...value];
    return value;
  });
  return JSON.parse(text);
}
