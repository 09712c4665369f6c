// `baton gaps`.
import type { GapsView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { print, printJson } from '../../output/print.ts';
import { terminalWidth } from '../../output/text-width.ts';
import { listItems } from '../../pages.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { costsText } from './costs-text.ts';
import { pastTime } from './past-time.ts';
import { gapsText } from './timeline-text.ts';

interface Options {
  readonly since?: string;
  readonly until?: string;
  readonly node?: string;
  readonly user?: string;
  readonly json?: boolean;
}

export const gaps = () =>
  verb('gaps', 'show where every second of every device went, and what each job had of it')
    .option('--since <time>', 'from how long ago ("90m", "24h", "7d") or when ("2026-10-01T08:00"); 24h if absent')
    .option('--until <time>', 'up to then; now if absent')
    .option('--node <node>', 'only the devices of this node')
    .option('--user <user>', "name only this user's jobs, and add up only theirs: me, an e-mail address or an id")
    .action(run);

async function run(options: Options): Promise<void> {
  const { client } = await connect();
  const now = Date.now();
  const { since, until, node, user } = options;
  const view = await client.gaps({
    ...(since === undefined ? {} : { since: pastTime(since, now) }),
    ...(until === undefined ? {} : { until: pastTime(until, now) }),
    ...(node === undefined ? {} : { node }),
    ...(user === undefined ? {} : { user: await userId(client, user) }),
  });
  if (options.json) return printJson(view);
  const parts = [gapsText(view, terminalWidth(process.stdout)), costsText(view.costs, await nameOf(client, view))];
  print(parts.filter((part) => part !== '').join('\n\n'));
}

async function userId(client: BatonClient, ref: string): Promise<string> {
  if (!ref.includes('@')) return ref;
  const found = (await listItems(client.users.list)).find(({ email }) => email === ref);
  if (!found) throw new Failure(EXIT.notFound, `There is no user ${ref}. \`baton user list\` shows those you may see.`);
  return found.id;
}

/** Names of users and groups, as far as the caller may see them; else their ids. */
async function nameOf(client: BatonClient, { costs }: GapsView): Promise<(id: string) => string> {
  if (costs.users.length === 0) return (id) => id;
  const [users, { items: groups }] = await Promise.all([listItems(client.users.list), client.groups.list()]);
  const names = new Map([
    ...users.map(({ id, email }) => [id, email] as const),
    ...groups.map(({ id, name }) => [id, name] as const),
  ]);
  return (id) => names.get(id) ?? id;
}
