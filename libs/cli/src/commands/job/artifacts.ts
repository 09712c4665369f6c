// `baton job artifacts`: what a job has left in its output folder.
import type { ManifestFile } from '@baton/contracts';
import { downloadFiles } from '../../content/download-files.ts';
import { interruptible } from '../../interrupt.ts';
import { findJobId } from '../../job/find-job.ts';
import { printList, printResult } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { formatBytes } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { downloadText } from '../catalogue/download.ts';

interface Options {
  readonly download?: string;
  readonly json?: boolean;
}

export const jobArtifacts = () =>
  verb('artifacts <job>', "list a job's artifacts, or fetch them")
    .option('--download <folder>', 'fetch them into this folder, each checked by its SHA-256')
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  const id = await findJobId(client, ref);
  const { files } = await client.jobs.artifacts(id);
  const folder = options.download;
  if (folder === undefined)
    return printList(options, files, COLUMNS, 'No artifacts. A job leaves them in BATON_OUTPUT_DIR.');
  const open = (path: string, signal: AbortSignal) => client.jobs.artifact(id, path, { signal });
  const result = await interruptible((signal) => downloadFiles({ files, folder, open, signal }));
  printResult(options, { id, ...result }, () => downloadText(result));
}

const COLUMNS: Column<ManifestFile>[] = [
  { title: 'size', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'sha-256', value: ({ digest }) => digest.slice(0, 12), style: () => 'dim' },
  { title: 'path', value: ({ path }) => path },
];
