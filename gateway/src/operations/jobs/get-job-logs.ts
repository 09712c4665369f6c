// GET /jobs/:id/logs: the output so far, of both outputs as they came or of one of them.
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Bytes, strict } from '@baton/contracts';
import { Type } from 'typebox';
import {
  OUTPUTS,
  type OutputName,
  type OutputPlace,
  outputSource,
  streamHasAll,
} from '../../streams/attempt-output.ts';
import { logChunks } from '../../streams/job-log.ts';
import { missingText, TerminalLines } from '../../streams/terminal-text.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, attemptOf, outputPlace } from './job-output.ts';
import { LogViewQuery } from './log-view.ts';
import { snapshotOf } from './readable-job.ts';
import { refuseRemovedOutput } from './removed-output.ts';

const Query = strict({
  ...AttemptQuery,
  output: Type.Optional(Type.Union([Type.Literal('stdout'), Type.Literal('stderr'), Type.Literal('both')])),
  /** Of one output: bytes to leave out at its start. */
  offset: Type.Optional(Bytes),
  ...LogViewQuery,
});

interface Piece {
  readonly output: OutputName;
  /** So many bytes before it are no longer kept. */
  readonly missing: number;
  readonly data: Uint8Array;
}

export const getJobLogs = operation({
  method: 'GET',
  url: '/jobs/:id/logs',
  summary: "Show a job's output so far; of its newest attempt unless `attempt` names another",
  access: 'job-token-ok',
  schema: { params: IdPath, query: Query },
  produces: 'text/plain',
  handler: async (call) => {
    const { job, ...reading } = await snapshotOf(call, call.query.rank);
    const { query, gateway, request, reply } = call;
    refuseRemovedOutput(job);
    // Not UTF-8 for certain: what the job wrote is passed on as it is.
    void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
    if (request.method === 'HEAD' || attemptOf(job, query.attempt) === undefined) return '';
    const place = outputPlace({ job, gateway, signal: reading.signal }, query);
    const { output = 'both', offset = 0 } = query;
    const pieces = output === 'both' ? bothOutputs(place, reading) : oneOutput(place, output, offset);
    return Readable.from(query.view === 'terminal' ? terminalText(pieces) : bytesOf(pieces), { objectMode: false });
  },
});

async function* oneOutput(place: OutputPlace, output: OutputName, offset: number): AsyncGenerator<Piece> {
  const source = await outputSource(place, output);
  const start = Math.max(offset, source.firstByte);
  if (start >= source.sizeBytes) return;
  let missing = start - offset;
  for await (const data of await source.open({ start, end: source.sizeBytes - 1 })) {
    yield { output, missing, data };
    missing = 0;
  }
}

/**
 * In the order in which they came, which the stream alone knows; where it has forgotten, one after the other. What it lacks in between,
 * because nats-server died and the agent has not sent it again yet, ends what is taken from it: the rest is in the blobs.
 */
async function* bothOutputs(
  place: OutputPlace,
  reading: Omit<Awaited<ReturnType<typeof snapshotOf>>, 'job'>,
): AsyncGenerator<Piece> {
  const { attempt, result } = place.attempt;
  const shown = { stdout: 0, stderr: 0 };
  if (!result?.output || (await streamHasAll(place))) {
    for await (const chunk of logChunks(place.streams, reading)) {
      if (chunk.attempt !== attempt) continue;
      shown[chunk.output] = chunk.offset + chunk.data.length;
      yield chunk;
    }
  }
  if (result?.output) for (const output of OUTPUTS) yield* oneOutput(place, output, shown[output]);
}

async function* bytesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  for await (const { data } of pieces) yield data;
}

async function* terminalText(pieces: AsyncIterable<Piece>): AsyncGenerator<string> {
  const shown = Object.fromEntries(
    OUTPUTS.map((output) => [output, { decoder: new StringDecoder('utf8'), lines: new TerminalLines() }]),
  ) as Record<OutputName, { decoder: StringDecoder; lines: TerminalLines }>;
  for await (const { output, missing, data } of pieces) {
    const { decoder, lines } = shown[output];
    yield missingText(missing, output) + lines.push(decoder.write(Buffer.from(data)));
  }
  for (const output of OUTPUTS) {
    const { decoder, lines } = shown[output];
    yield lines.push(decoder.end()) + lines.flush();
  }
}
