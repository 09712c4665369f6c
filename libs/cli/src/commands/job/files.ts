// `baton job artifacts`, `baton job checkpoints`: what a job has left behind, listed, or fetched as files or as one archive.
import type { AttemptQuery, BatonClient, StoredFile, StoredFiles } from '@baton/sdk';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { downloadFiles } from '../../content/download-files.ts';
import { archiveFormat, fetchArchive } from '../../content/fetch-archive.ts';
import { fetchFile, type OpenFile } from '../../content/fetch-file.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure, usage } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { findJobId } from '../../job/find-job.ts';
import { note, printList, printResult } from '../../output/print.ts';
import { ProgressBar } from '../../output/progress-bar.ts';
import type { Column } from '../../output/table.ts';
import { formatAge, formatBytes, formatCount } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb, wholeNumber } from '../../verb.ts';
import { downloadText } from '../catalogue/download.ts';

interface Noun {
  readonly name: 'artifacts' | 'checkpoints';
  readonly what: string;
  readonly of: (client: BatonClient) => Calls;
}
interface Calls {
  readonly list: (id: string, query?: AttemptQuery) => Promise<StoredFiles>;
  readonly file: BatonClient['jobs']['artifact'];
  readonly archive: BatonClient['jobs']['artifactArchive'];
}

const artifacts: Noun = {
  name: 'artifacts',
  what: 'what a job has left in BATON_OUTPUT_DIR',
  of: ({ jobs }) => ({ list: jobs.artifacts, file: jobs.artifact, archive: jobs.artifactArchive }),
};
const checkpoints: Noun = {
  name: 'checkpoints',
  what: 'what is stored of its BATON_CHECKPOINT_DIR',
  of: ({ jobs }) => ({ list: jobs.checkpoints, file: jobs.checkpoint, archive: jobs.checkpointArchive }),
};

interface Options {
  readonly list?: boolean;
  readonly download?: string;
  readonly file?: string;
  readonly to?: string;
  readonly archive?: string;
  readonly attempt?: number;
  readonly rank?: number;
  readonly json?: boolean;
}

const jobFiles = (noun: Noun) =>
  verb(`${noun.name} <job>`, `list a job's ${noun.name}, or fetch them: ${noun.what}`)
    .option('--list', 'list them; so without any other option')
    .option('--download <folder>', 'fetch them into this folder, each checked by its SHA-256; goes on where it was cut')
    .option('--file <path>', 'fetch this one')
    .option('--to <file>', 'with --file: where it goes, `-` for standard output; default: its own name')
    .option('--archive <file>', 'fetch them as one archive: a name that ends in .tar, .tar.gz or .zip')
    .option('--attempt <number>', 'of this attempt; default: the newest that has any', positiveInteger)
    .option('--rank <number>', 'of a job on several nodes: of this one of them; the first, 0, unless said', wholeNumber)
    .action((ref: string, options: Options) => run(noun, ref, options));

export const jobArtifacts = () => jobFiles(artifacts);
export const jobCheckpoints = () => jobFiles(checkpoints);

/** What has been asked for. */
interface Asked {
  readonly id: string;
  readonly calls: Calls;
  readonly stored: StoredFiles;
  readonly open: OpenFile;
  readonly options: Options;
}

async function run(noun: Noun, ref: string, options: Options): Promise<void> {
  const { download, file, archive } = options;
  if ([options.list, download, file, archive].filter((one) => one !== undefined).length > 1)
    throw usage('Give one of --list, --download, --file and --archive.');
  if (options.to !== undefined && file === undefined) throw usage('--to goes with --file.');
  if (archive !== undefined) archiveFormat(archive);
  const { client } = await connect();
  const id = await findJobId(client, ref);
  const calls = noun.of(client);
  const stored = await calls.list(id, { attempt: options.attempt, rank: options.rank });
  // What is listed is what is fetched, though another attempt may end meanwhile.
  const query = { attempt: stored.attempt, rank: options.rank };
  const open: OpenFile = (path, request) => calls.file(id, path, { ...request, query });
  const asked = { id, calls, stored, open, options };
  if (download !== undefined) return downloadAll(asked, download);
  if (file !== undefined) return downloadOne(asked, file);
  if (archive !== undefined) return downloadArchive(asked, archive);
  return list(asked);
}

function list({ stored, options }: Asked): void {
  const { attempt, at, manifest, files } = stored;
  const of = `${formatCount(manifest.fileCount, 'file')}, ${formatBytes(manifest.sizeBytes)}`;
  if (!options.json) note(`attempt ${attempt}, stored ${formatAge(at, Date.now())}: ${of}`);
  printList(options, files, COLUMNS, 'No files.');
}

const COLUMNS: Column<StoredFile>[] = [
  { title: 'size', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'kind', value: ({ kind, format, mediaType }) => (format === undefined ? mediaType : `${kind}, ${format}`) },
  { title: 'sha-256', value: ({ digest }) => digest.slice(0, 12), style: () => 'dim' },
  { title: 'path', value: ({ path }) => path },
];

async function downloadAll({ id, stored, open, options }: Asked, folder: string): Promise<void> {
  const { files, attempt } = stored;
  const result = await interruptible((signal) => downloadFiles({ files, folder, open, signal }));
  printResult(options, { id, attempt, ...result }, () => downloadText(result));
}

async function downloadOne({ id, stored, open, options }: Asked, path: string): Promise<void> {
  const file = stored.files.find((one) => one.path === path);
  if (!file) throw new Failure(EXIT.notFound, `Attempt ${stored.attempt} has left no file ${JSON.stringify(path)}.`);
  const target = options.to ?? basename(path);
  if (target === '-') return toStandardOutput(open, path);
  const bar = new ProgressBar(path);
  let done = 0;
  const advance = (bytes: number) => bar.update((done += bytes), file.sizeBytes);
  try {
    await interruptible((signal) => fetchFile({ file, target, open, signal, advance }));
  } finally {
    bar.clear();
  }
  const { attempt } = stored;
  printResult(options, { id, attempt, ...file, file: target }, () => `${target}: ${formatBytes(file.sizeBytes)}`);
}

async function toStandardOutput(open: OpenFile, path: string): Promise<void> {
  await interruptible(async (signal) => {
    const { body } = await open(path, { signal });
    if (body) await pipeline(Readable.fromWeb(body as ReadableStream), process.stdout, { end: false, signal });
  });
}

async function downloadArchive({ id, calls, stored, options }: Asked, target: string): Promise<void> {
  const { attempt, manifest } = stored;
  const sizeBytes = await interruptible(async (signal) => {
    const response = await calls.archive(
      id,
      { attempt, rank: options.rank, format: archiveFormat(target) },
      { signal },
    );
    return fetchArchive({ response, target, expectedBytes: manifest.sizeBytes, signal });
  });
  const { fileCount } = manifest;
  const text = () => `${formatCount(fileCount, 'file')}, ${formatBytes(sizeBytes)}, in ${target}`;
  printResult(options, { id, attempt, file: target, fileCount, sizeBytes }, text);
}
