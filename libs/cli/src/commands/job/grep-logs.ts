// `baton job logs --grep`: lines with a text in them, page by page.
import type { BatonClient, LogHit } from '@baton/sdk';
import { EXIT } from '../../exit-codes.ts';
import { paint } from '../../output/paint.ts';
import { printJsonLine } from '../../output/print.ts';

const PAGE = 500;

export interface Grep {
  readonly grep: string;
  readonly ignoreCase?: boolean;
  readonly attempt?: number;
  readonly rank?: number;
  readonly output?: 'stdout' | 'stderr' | 'both';
  readonly json?: boolean;
}

/** Ends with exit code 1 if there is none, as grep does. */
export async function grepLogs(client: BatonClient, id: string, options: Grep): Promise<void> {
  const { grep: q, attempt, rank, ignoreCase = false } = options;
  const output = options.output === 'both' ? undefined : options.output;
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await client.jobs.searchLogs(id, { q, attempt, rank, output, ignoreCase, limit: PAGE, cursor });
    for (const hit of page.items) show(hit, options);
    count += page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  if (count === 0) process.exitCode = EXIT.failed;
}

function show(hit: LogHit, { json, output }: Grep): void {
  if (json) return printJsonLine(hit);
  const where = output === undefined || output === 'both' ? `${hit.output}:${hit.line}:` : `${hit.line}:`;
  process.stdout.write(`${paint('dim', where)} ${hit.text}\n`);
}
