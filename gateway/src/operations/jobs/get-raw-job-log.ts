// GET /jobs/:id/logs/raw: one output of one attempt as a file, byte for byte.
import { Readable } from 'node:stream';
import { strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseRange } from '../../content/range.ts';
import { asAttachment, noBody, sendFile } from '../../content/send-file.ts';
import { type OutputSource, outputSource } from '../../streams/attempt-output.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, OneOutputQuery, outputPlace } from './job-output.ts';
import { readableJob } from './readable-job.ts';
import { refuseRemovedOutput } from './removed-output.ts';

export const getRawJobLog = operation({
  method: 'GET',
  url: '/jobs/:id/logs/raw',
  summary:
    "Download one of a job's outputs, byte for byte; standard output unless `output` names the other; takes ranges",
  access: 'job-token-ok',
  schema: { params: IdPath, query: strict({ ...AttemptQuery, ...OneOutputQuery }) },
  produces: 'application/octet-stream',
  handler: async (call) => {
    const { job, signal } = await readableJob(call);
    refuseRemovedOutput(job);
    const { query, gateway, request, reply } = call;
    const { output = 'stdout' } = query;
    const place = outputPlace({ job, gateway, signal }, query);
    const source = await outputSource(place, output);
    const rank = query.rank ? `-rank${query.rank}` : '';
    const path = `${job.name}-${place.attempt.attempt}${rank}.${output}`;
    const { digest, sizeBytes } = source;
    if (digest !== null) return sendFile(request, reply, gateway.blobs, { path, digest, sizeBytes });
    asAttachment(reply, path);
    return sendSoFar(request, reply, source);
  },
});

/** As far as it has come: there is no tag for it, since the next moment it is another file. */
async function sendSoFar(request: FastifyRequest, reply: FastifyReply, source: OutputSource): Promise<unknown> {
  const { firstByte, sizeBytes } = source;
  void reply.type('application/octet-stream').header('accept-ranges', 'bytes').header('cache-control', 'no-store');
  const range = request.headers['if-range'] === undefined ? parseRange(request.headers.range, sizeBytes) : null;
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${sizeBytes}`);
    throw new PlatformError('range_not_satisfiable', `The output has ${sizeBytes} bytes.`);
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  if (start < firstByte) throw gone(firstByte);
  if (range) void reply.code(206).header('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  void reply.header('content-length', end - start + 1);
  if (request.method === 'HEAD' || end < start) return noBody();
  return Readable.from(await source.open({ start, end }), { objectMode: false });
}

function gone(firstByte: number): PlatformError {
  return new PlatformError(
    'range_not_satisfiable',
    `The first ${firstByte} bytes are no longer in the stream. What follows: Range: bytes=${firstByte}-. The whole output can be downloaded ` +
      'once the attempt has ended, if its node could store it.',
  );
}
