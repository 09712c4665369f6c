// `baton simulate --from-log`: what would have been, under another policy or on more nodes.
import type { PolicyDocument, WhatIfView } from '@baton/contracts';
import { usage } from '../../failure.ts';
import { namesFor } from '../../output/names.ts';
import { print, printJson } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';
import { readYamlFile } from '../../yaml-file.ts';
import { pastTime } from '../gaps/past-time.ts';
import { whatIfText } from './what-if-text.ts';

interface Options {
  readonly fromLog?: boolean;
  readonly since?: string;
  readonly policy?: string;
  readonly addNodes?: number;
  readonly like?: string;
  readonly json?: boolean;
}

export const simulate = () =>
  verb('simulate', 'replay the jobs of the log under another policy or on more nodes; shows the waiting of each user')
    .option('--from-log', 'the jobs that were really submitted here')
    .option('--since <time>', 'from so long ago ("24h") or then ("2026-10-01") on; seven days if absent')
    .option('--policy <file>', 'under this policy, as `baton policy apply` takes it; what it leaves out is the default')
    .option('--add-nodes <count>', 'with so many nodes more', positiveInteger)
    .option('--like <node>', 'which node those are like; the one with most GPUs if absent')
    .action(run);

async function run({ fromLog, since, policy, addNodes, like, json }: Options): Promise<void> {
  if (!fromLog) throw usage('Say --from-log. A trace in a file is replayed by `npm run simulate`.');
  if (like !== undefined && addNodes === undefined) throw usage('--like says how the nodes of --add-nodes are.');
  const document = policy === undefined ? undefined : await readYamlFile(policy, 'no policy.');
  const { client } = await connect();
  const view: WhatIfView = await client.queue.whatIf({
    ...(since === undefined ? {} : { since: pastTime(since, Date.now()) }),
    ...(document === undefined ? {} : { policy: document as PolicyDocument }),
    ...(addNodes === undefined ? {} : { addNodes }),
    ...(like === undefined ? {} : { like }),
  });
  if (json) return printJson(view);
  print(whatIfText(view, await namesFor(client, JSON.stringify(view.users)), process.stdout.columns));
}
