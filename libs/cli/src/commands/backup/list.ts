// `baton backup list`.
import { resolve } from 'node:path';
import type { BackupSummary } from '@baton/log-archive';
import { loadAdmin } from '../../admin.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { verb } from '../../verb.ts';

export const listBackups = () => verb('list <folder>', 'list the backups of a folder').action(run);

async function run(folder: string, options: { readonly json?: boolean }): Promise<void> {
  const items = await (await loadAdmin()).listBackups(resolve(folder));
  printList(options, items, COLUMNS, 'No backups. `baton backup create` makes one.');
}

const COLUMNS: Column<BackupSummary>[] = [
  { title: 'backup', value: ({ id }) => id, style: () => 'bold' },
  { title: 'age', value: ({ at }) => formatAge(at, Date.now()) },
  { title: 'commits', value: ({ commits }) => commits, align: 'right' },
  { title: 'blobs', value: ({ blobs }) => blobs, align: 'right' },
  { title: 'size', value: ({ blobBytes }) => formatBytes(blobBytes), align: 'right' },
];
