// `baton job why`: why a job waits, and the facts behind it.
import type { WhyView } from '@baton/contracts';
import { findJobId } from '../../job/find-job.ts';
import { paint } from '../../output/paint.ts';
import { printResult } from '../../output/print.ts';
import { formatTime } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { pastTime } from '../gaps/past-time.ts';

interface Options {
  readonly at?: string;
  readonly json?: boolean;
}

export const whyJob = () =>
  verb('why <job>', 'say why a job waits: the reason, and the facts behind it')
    .option('--at <time>', 'why it waited so long ago ("2h") or then ("2026-10-01T08:00")')
    .action(run);

async function run(ref: string, { at, json }: Options): Promise<void> {
  const { client } = await connect();
  const query = at === undefined ? {} : { at: pastTime(at, Date.now()) };
  const view = await client.queue.why(await findJobId(client, ref), query);
  printResult(json ? { json } : {}, view, () => whyText(view, at !== undefined));
}

export function whyText({ name, at, code, message, facts, expected }: WhyView, isPast: boolean): string {
  const when = isPast ? ` at ${formatTime(at)}` : '';
  // Why nothing can be said is often why it waits.
  const isTold = expected === undefined || (code !== null && expected.code === code);
  const times = isTold ? [] : [{ code: 'expected', message: expected.message }];
  if (code === null)
    return [`${paint('bold', name)}${when}: ${message}`, ...times.map((each) => `  ${each.message}`)].join('\n');
  const chain = [...facts.filter((fact) => fact.message !== message), ...times];
  const width = Math.max(0, ...chain.map((fact) => fact.code.length));
  const lines = chain.map((fact) => `  ${paint('dim', fact.code.padEnd(width))}  ${fact.message}`);
  return [`${paint('bold', name)} ${isPast ? 'waited' : 'waits'}${when} (${code}). ${message}`, ...lines].join('\n');
}
