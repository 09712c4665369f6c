// Throws a job's chunks away from the streams of output and metrics.
import { LOGS_STREAM, METRICS_STREAM, type RetainedContent, subjects } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { NatsConnection } from '@nats-io/transport-node';

const PATIENCE_MS = 30_000;
/** Nothing has been written yet: the gateway makes the streams. */
const NO_STREAM = 10_059;

export async function purgeStream(connection: NatsConnection, jobId: string, what: RetainedContent): Promise<void> {
  const stream = what === 'output' ? LOGS_STREAM : METRICS_STREAM;
  const filter = what === 'output' ? subjects.logsOfJob(jobId) : subjects.metricsOfJob(jobId);
  const payload = JSON.stringify({ filter });
  const reply = await connection.request(`$JS.API.STREAM.PURGE.${stream}`, payload, { timeout: PATIENCE_MS });
  const { error } = reply.json<{ error?: { err_code?: number; description?: string } }>();
  if (error === undefined || error.err_code === NO_STREAM) return;
  throw new PlatformError('unavailable', 'What was removed could not be thrown away yet.', {
    detail: `${stream}: ${error.description ?? ''}`,
  });
}
