// What would have been, beside what was, as a table.
import type { WaitingFigures, WhatIfRow, WhatIfView } from '@baton/contracts';
import type { Names } from '../../output/names.ts';
import { type Column, table } from '../../output/table.ts';
import { formatCount, formatDuration, formatTime } from '../../output/units.ts';

interface Row extends WhatIfRow {
  readonly who: string;
}
type Figure = keyof WaitingFigures;

export function whatIfText(view: WhatIfView, names: Pick<Names, 'of'>, width: number | undefined): string {
  const { since, until, totals, users, notes, devices, added } = view;
  const head = `${formatCount(totals.jobs, 'job')} that started between ${formatTime(since)} and ${formatTime(until)}, on ${formatCount(devices, 'device')}`;
  const more = added ? `, and on ${formatCount(added.nodes, 'node')} more like ${added.like}` : '';
  const rows: Row[] = [
    ...users.map(({ userId, ...row }) => ({ who: names.of(userId), ...row })),
    { who: 'all', ...totals },
  ];
  return [
    `${head}${more}.`,
    '',
    table(rows, columns(totals.whatIf !== null), { width }),
    ...notes.map((each) => `- ${each}`),
  ].join('\n');
}

function columns(hasOther: boolean): Column<Row>[] {
  const times = (title: string, figure: Figure): Column<Row>[] => [
    { title, value: ({ really }) => seconds(really[figure]), align: 'right' },
    { title: 'replayed', value: ({ replayed }) => seconds(replayed[figure]), align: 'right' },
    ...(hasOther
      ? [
          {
            title: 'what if',
            value: ({ replayed, whatIf }: Row) => changed(replayed, whatIf, figure),
            align: 'right' as const,
          },
        ]
      : []),
  ];
  return [
    { title: 'waiting of', value: ({ who }) => who, style: () => 'bold' },
    { title: 'jobs', value: ({ jobs }) => jobs, align: 'right' },
    ...times('mean', 'mean'),
    ...times('p90', 'p90'),
    ...times('worst', 'worst'),
  ];
}

/** With the change against the replay: both leave out the same. */
function changed(replayed: WaitingFigures, whatIf: WaitingFigures | null, figure: Figure): string {
  if (whatIf === null) return '';
  const [before, after] = [replayed[figure], whatIf[figure]];
  const percent =
    before === 0 ? '' : ` (${after >= before ? '+' : ''}${Math.round((100 * (after - before)) / before)} %)`;
  return `${seconds(after)}${percent}`;
}

function seconds(value: number): string {
  return formatDuration(value * 1_000);
}
