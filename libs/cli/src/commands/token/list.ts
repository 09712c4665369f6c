// `baton token list`.
import type { TokenView } from '@baton/contracts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listTokens = () =>
  withPast(verb('list', 'list your tokens and sessions; their values are never shown')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const items = await listItems(client.tokens.list);
  printList(options, items, columns(Date.now()), 'No tokens.');
}

function columns(now: number): Column<TokenView>[] {
  return [
    { title: 'id', value: ({ id }) => id, style: () => 'dim' },
    { title: 'kind', value: ({ kind }) => kind },
    { title: 'made', value: ({ createdAt }) => formatAge(createdAt, now) },
    { title: 'expires', value: ({ expiresAt }) => (expiresAt === null ? 'never' : formatAge(expiresAt, now)) },
    { title: 'revoked', value: ({ revoked }) => (revoked ? 'yes' : ''), style: () => 'red' },
    { title: 'label', value: ({ label }) => label },
  ];
}
