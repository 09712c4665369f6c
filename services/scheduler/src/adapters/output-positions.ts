// How far output and metrics have come in their streams, told by the streams themselves.
import { LOGS_STREAM, METRICS_STREAM } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { NatsConnection } from '@nats-io/transport-node';
import type { OutputPositionsReader } from '../app/ports.ts';

const PATIENCE_MS = 5_000;
/** Nothing has been written yet: the gateway makes the streams. */
const NO_STREAM = 10_059;

interface StreamInfo {
  readonly error?: { readonly err_code?: number; readonly description?: string };
  readonly state?: { readonly last_seq: number };
}

export function outputPositions(connection: NatsConnection): OutputPositionsReader {
  const newest = async (stream: string): Promise<number> => {
    const reply = await connection.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: PATIENCE_MS });
    const { error, state } = reply.json<StreamInfo>();
    if (error === undefined && state) return state.last_seq;
    if (error?.err_code === NO_STREAM) return 0;
    throw new PlatformError('unavailable', 'How far output and metrics have come can not be told now.', {
      detail: `${stream}: ${error?.description ?? ''}`,
    });
  };
  return async () => {
    const [logs, metrics] = await Promise.all([newest(LOGS_STREAM), newest(METRICS_STREAM)]);
    return { logs, metrics };
  };
}
