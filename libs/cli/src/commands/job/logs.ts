// `baton job logs`.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { BatonClient, LogEvent } from '@baton/sdk';
import { Option } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { findArrayJobs, findJobId, isArrayId } from '../../job/find-job.ts';
import { LineHold } from '../../output/line-hold.ts';
import { note, print, printJson, printJsonLine } from '../../output/print.ts';
import { connect, PATIENT_MS } from '../../session.ts';
import { positiveInteger, verb, wholeNumber } from '../../verb.ts';
import { grepLogs } from './grep-logs.ts';

interface Options {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly rank?: number;
  readonly output?: 'stdout' | 'stderr' | 'both';
  readonly raw?: boolean;
  readonly grep?: string;
  readonly ignoreCase?: boolean;
  readonly json?: boolean;
}

export const jobLogs = () =>
  verb(
    'logs <job>',
    "print a job's output, of its newest attempt, as a terminal would show it; or that of a whole array",
  )
    .option('-f, --follow', 'go on with what comes until the job is over; of all attempts')
    .option('--attempt <n>', 'of this attempt only', positiveInteger)
    .option('--rank <n>', 'of a job on several nodes: of this one of them; the first, 0, unless said', wholeNumber)
    .addOption(new Option('--output <which>', 'of this output only').choices(['stdout', 'stderr', 'both']))
    .addOption(
      new Option('--raw', 'byte for byte as it was written; standard output unless --output says otherwise').conflicts([
        'follow',
        'grep',
        'json',
      ]),
    )
    .addOption(new Option('--grep <text>', 'only the lines with this text, each with its number').conflicts('follow'))
    .option('-i, --ignore-case', 'of A to Z, in --grep')
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  if (isArrayId(ref)) return ofArray(client, ref, options);
  const id = await findJobId(client, ref);
  if (options.follow) await follow(id, options);
  else if (options.grep !== undefined) await grepLogs(client, id, { ...options, grep: options.grep });
  else if (options.raw) await pass(await client.jobs.rawLog(id, { query: rawQuery(options) }));
  else await show(client, id, options);
}

/** One job after the other. */
async function ofArray(client: BatonClient, array: string, options: Options): Promise<void> {
  if (options.follow || options.raw || options.grep !== undefined)
    throw new Failure(
      EXIT.usage,
      'Of a whole array there is what its jobs have written; name one of them for the rest.',
    );
  const jobs = await findArrayJobs(client, array);
  const { attempt, rank, output } = options;
  if (options.json) {
    const query = { attempt, rank, output };
    const texts = [];
    for (const { id } of jobs) texts.push({ id, ...query, text: await client.jobs.logs(id, query) });
    return printJson(texts);
  }
  for (const { id, name, array: place } of jobs) {
    print(`==> ${name}[${place?.index ?? 0}] ${id} <==`);
    await show(client, id, options);
  }
}

function rawQuery({ attempt, rank, output = 'stdout' }: Options) {
  if (output === 'both')
    throw new Failure(EXIT.usage, 'Byte for byte there is one output at a time: stdout or stderr.');
  return { attempt, rank, output };
}

async function show(client: BatonClient, id: string, { attempt, rank, output, json }: Options): Promise<void> {
  const query = { attempt, rank, output };
  if (json) return printJson({ id, ...query, text: await client.jobs.logs(id, query) });
  await pass(await client.http.raw('GET', `/jobs/${id}/logs`, { query: { ...query, view: 'terminal' } }));
}

async function pass(response: Response): Promise<void> {
  if (response.body) await pipeline(Readable.fromWeb(response.body as ReadableStream), process.stdout, { end: false });
}

async function follow(id: string, options: Options): Promise<void> {
  const { client } = await connect({ retryForMs: PATIENT_MS });
  const lines = new LineHold(process.stdout);
  await interruptible(async (signal) => {
    const { rank } = options;
    const query = { rank, ...(options.json ? {} : { view: 'terminal' }) };
    for await (const { data } of client.jobs.followLogs(id, { signal, query })) {
      const event = data as LogEvent;
      if (!isWanted(event, options)) continue;
      if (options.json) printJsonLine(event);
      else lines.write(event);
    }
    lines.end();
    if (!signal.aborted) return;
    process.exitCode = EXIT.interrupted;
    note(`Stopped following; the job goes on. Follow it again with \`baton job logs -f ${id}\`.`);
  });
}

function isWanted(event: LogEvent, { attempt, output = 'both' }: Options): boolean {
  if (attempt !== undefined && event.attempt !== attempt) return false;
  return output === 'both' || event.output === output;
}
