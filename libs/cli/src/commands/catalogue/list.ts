// `baton dataset list`, `baton model list`.
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';
import type { Catalogue, Thing } from './catalogue.ts';

interface Options extends PastOption {
  readonly tag?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export const listThings = (catalogue: Catalogue) =>
  withPast(verb('list', `list the ${catalogue.noun}s that you may see, the newest first`))
    .option('--tag <tag>', 'only those with this tag')
    .option('--limit <n>', 'at most so many', positiveInteger)
    .action((options: Options) => run(catalogue, options));

async function run(catalogue: Catalogue, options: Options): Promise<void> {
  const { client } = await connect(pastOf(options));
  const query = { sort: '-createdAt', ...(options.tag === undefined ? {} : { tag: options.tag }) };
  const items = await listItems(catalogue.of(client).list, query, options.limit);
  const hint =
    catalogue.noun === 'dataset' ? 'baton dataset upload FILE --name NAME' : 'baton model push FOLDER --name NAME';
  printList(options, items, columns(Date.now()), `No ${catalogue.noun}s yet. Make one: ${hint}`);
}

function columns(now: number): Column<Thing>[] {
  const newest = (thing: Thing) => thing.versions.at(-1);
  return [
    { title: 'name', value: ({ name }) => name, style: () => 'bold' },
    { title: 'versions', value: ({ latestVersion }) => latestVersion, align: 'right' },
    { title: 'files', value: (thing) => newest(thing)?.manifest.fileCount ?? '', align: 'right' },
    { title: 'size', value: (thing) => formatBytes(newest(thing)?.manifest.sizeBytes ?? 0), align: 'right' },
    { title: 'visible to', value: ({ visibility }) => visibility },
    { title: 'changed', value: ({ updatedAt }) => formatAge(updatedAt, now) },
    { title: 'description', value: ({ description }) => description },
  ];
}
