// `baton job why`: why a job waits, and the facts behind it.
import type { WhyView } from '@baton/contracts';
import { findJobId } from '../../job/find-job.ts';
import { paint } from '../../output/paint.ts';
import { printResult } from '../../output/print.ts';
import { formatTime } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends PastOption {
  readonly json?: boolean;
}

export const whyJob = () =>
  withPast(verb('why <job>', 'say why a job waits: the reason, and the facts behind it')).action(run);

async function run(ref: string, { json, ...options }: Options): Promise<void> {
  const { client } = await connect();
  const view = await client.queue.why(await findJobId(client, ref), pastOf(options));
  printResult(json ? { json } : {}, view, () => whyText(view, options.at !== undefined));
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
