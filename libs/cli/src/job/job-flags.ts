// What `--dataset`, `--env`, `--label` and `--after` say.
import { usage } from '../failure.ts';

export interface DatasetFlag {
  readonly dataset: string;
  readonly version?: number | 'latest';
  readonly as?: string;
}

const DATASET = /^([^@:]+)(?:@([^@:]+))?(?::([^@:]+))?$/;

/** `digits`, `digits@3`, `digits@3:data`, `digits:data`. */
export function parseDataset(text: string): DatasetFlag {
  const match = DATASET.exec(text);
  if (!match?.[1])
    throw usage(`"${text}" names no dataset. Write NAME, NAME@VERSION or NAME@VERSION:FOLDER, as in digits@3:data.`);
  return {
    dataset: match[1],
    ...(match[2] === undefined ? {} : { version: parseVersion(match[2]) }),
    ...(match[3] === undefined ? {} : { as: match[3] }),
  };
}

export function parseVersion(text: string): number | 'latest' {
  if (text === 'latest') return 'latest';
  if (!/^[1-9]\d{0,8}$/.test(text)) throw usage(`"${text}" is no version. Write a whole number from 1, or latest.`);
  return Number(text);
}

export interface VersionedName {
  readonly ref: string;
  readonly version: number | 'latest';
}

/** `digits` is the newest version, `digits@3` the third. */
export function parseVersionedName(text: string): VersionedName {
  const [ref = '', version, ...rest] = text.split('@');
  if (ref === '' || rest.length > 0) throw usage(`"${text}" names nothing. Write NAME or NAME@VERSION.`);
  return { ref, version: version === undefined ? 'latest' : parseVersion(version) };
}

/** `KEY=VALUE`, many times; the last one of a key stands. `flag` is named in what is thrown. */
export function parsePairs(texts: readonly string[], flag: string): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw usage(`${flag} ${text}: write NAME=VALUE.`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

const WHEN = ['success', 'failure', 'end'] as const;

/** `JOB` or `JOB:failure`; the job as it is named elsewhere. */
export function parseAfter(text: string): { readonly job: string; readonly when?: (typeof WHEN)[number] } {
  const [job = '', word, ...rest] = text.split(':');
  if (word === undefined && job !== '') return { job };
  const when = WHEN.find((known) => known === word);
  if (job === '' || when === undefined || rest.length > 0)
    throw usage(`--after ${text}: write JOB, or JOB: and one of ${WHEN.join(', ')}.`);
  return { job, when };
}
