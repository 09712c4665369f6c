// `baton endpoint list`.
import type { EndpointView } from '@baton/contracts';
import { stateStyle } from '../../output/paint.ts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const listEndpoints = () => withPast(verb('list', 'list the endpoints that you may see')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const { items } = await client.endpoints.list();
  printList(options, items, COLUMNS, 'No endpoints. Make one: baton endpoint create NAME --model MODEL');
}

const COLUMNS: Column<EndpointView>[] = [
  { title: 'name', value: ({ name }) => name, style: () => 'bold' },
  { title: 'model', value: ({ target }) => `${target.modelName}@${target.version}` },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'visible to', value: ({ visibility }) => visibility },
  { title: 'url', value: ({ url, message }) => message || url },
];
