// Structured logs: JSON lines on standard error, secrets left out.
import { pino, type Logger } from 'pino';

export type { Logger };

const SECRET_PATHS = [
  'token',
  'password',
  'secret',
  'value',
  'authorization',
  '*.token',
  '*.password',
  '*.secret',
  '*.authorization',
];

export function createLogger(service: string, level = 'info'): Logger {
  return pino({ level, base: { service }, redact: { paths: SECRET_PATHS, censor: '[redacted]' } }, pino.destination(2));
}
