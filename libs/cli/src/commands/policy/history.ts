// `baton policy history`.
import type { PolicyVersion } from '@baton/contracts';
import { type Names, namesFor } from '../../output/names.ts';
import { type JsonOption, printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatTime } from '../../output/units.ts';
import { listItems } from '../../pages.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const policyHistory = () =>
  withPast(verb('history', 'list the versions of the policy, newest first')).action(run);

async function run(options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const versions = await listItems(client.policy.versions);
  const names = await namesFor(client, options.json ? '' : JSON.stringify(versions));
  printList(options, versions, columns(names), 'none');
}

function columns(names: Names): Column<PolicyVersion>[] {
  return [
    { title: 'version', value: ({ version }) => version, align: 'right' },
    { title: 'since', value: ({ at }) => (at === null ? '' : formatTime(at)) },
    { title: 'by', value: ({ by }) => (by === null ? '' : names.of(by)) },
    { title: 'comment', value: ({ version, comment }) => (version === 0 ? 'the default' : (comment ?? '')) },
  ];
}
