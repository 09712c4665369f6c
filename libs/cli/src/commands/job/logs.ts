// `baton job logs`.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { BatonClient, LogEvent } from '@baton/sdk';
import { Option } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { interruptible } from '../../interrupt.ts';
import { findJobId } from '../../job/find-job.ts';
import { note, printJson, printJsonLine } from '../../output/print.ts';
import { connect, PATIENT_MS } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly output?: 'stdout' | 'stderr' | 'both';
  readonly json?: boolean;
}

export const jobLogs = () =>
  verb('logs <job>', "print a job's output, of its newest attempt")
    .option('-f, --follow', 'go on with what comes until the job is over; of all attempts')
    .option('--attempt <n>', 'of this attempt only', positiveInteger)
    .addOption(new Option('--output <which>', 'of this output only').choices(['stdout', 'stderr', 'both']))
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  const id = await findJobId(client, ref);
  if (options.follow) await follow(id, options);
  else await show(client, id, options);
}

async function show(client: BatonClient, id: string, { attempt, output, json }: Options): Promise<void> {
  const query = { attempt, output };
  if (json) return printJson({ id, ...query, text: await client.jobs.logs(id, query) });
  const response = await client.http.raw('GET', `/jobs/${id}/logs`, { query });
  if (response.body) await pipeline(Readable.fromWeb(response.body as ReadableStream), process.stdout, { end: false });
}

async function follow(id: string, options: Options): Promise<void> {
  const { client } = await connect({ retryForMs: PATIENT_MS });
  await interruptible(async (signal) => {
    for await (const { data } of client.jobs.followLogs(id, { signal })) showEvent(data as LogEvent, options);
    if (!signal.aborted) return;
    process.exitCode = EXIT.interrupted;
    note(`Stopped following; the job goes on. Follow it again with \`baton job logs -f ${id}\`.`);
  });
}

function showEvent(event: LogEvent, { attempt, output = 'both', json }: Options): void {
  if (attempt !== undefined && event.attempt !== attempt) return;
  if (output !== 'both' && event.output !== output) return;
  if (json) printJsonLine(event);
  else process.stdout.write(event.text);
}
