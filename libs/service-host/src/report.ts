// Where errors go that an answer hides from the other side.
import { createLogger, type Logger } from './logger.ts';

let log: Logger | undefined;

/** Logs the error with its cause and internal detail. */
export function reportAnswerError(error: unknown, where: string): void {
  log ??= createLogger('answers', process.env['BATON_LOG_LEVEL']);
  const detail = (error as { detail?: unknown }).detail;
  log.error({ err: error, where, detail }, 'a request failed');
}
