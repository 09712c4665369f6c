// GET /jobs/:id/logs: the output so far, byte for byte.
import { Readable } from 'node:stream';
import { AttemptNumber, Bytes, strict } from '@baton/contracts';
import { Type, type Static } from 'typebox';
import { type LogChunk, logChunks } from '../../streams/job-log.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { readableJob } from './readable-job.ts';

const Query = strict({
  attempt: Type.Optional(AttemptNumber),
  output: Type.Optional(Type.Union([Type.Literal('stdout'), Type.Literal('stderr'), Type.Literal('both')])),
  /** Of one output: bytes to leave out at its start. */
  offset: Type.Optional(Bytes),
});

export const getJobLogs = operation({
  method: 'GET',
  url: '/jobs/:id/logs',
  summary: "Show a job's output so far; of its newest attempt unless `attempt` names another",
  access: 'job-token-ok',
  schema: { params: IdPath, query: Query },
  produces: 'text/plain',
  handler: async (call) => {
    const { job, attempts, signal } = await readableJob(call);
    const attempt = call.query.attempt ?? job.attempts.at(-1)?.attempt ?? 1;
    // Not UTF-8 for certain: what the job wrote is passed on as it is.
    void call.reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
    if (call.request.method === 'HEAD') return '';
    const chunks = logChunks(call.gateway.streams, { jobId: job.id, attempts, signal, ended: Promise.resolve() });
    return Readable.from(selected(chunks, { ...call.query, attempt }), { objectMode: false });
  },
});

async function* selected(chunks: AsyncIterable<LogChunk>, query: Static<typeof Query>): AsyncGenerator<Uint8Array> {
  const { attempt, output = 'both', offset = 0 } = query;
  for await (const chunk of chunks) {
    if (chunk.attempt !== attempt || (output !== 'both' && chunk.output !== output)) continue;
    const skipped = Math.max(0, offset - chunk.offset);
    if (skipped < chunk.data.length) yield chunk.data.subarray(skipped);
  }
}
