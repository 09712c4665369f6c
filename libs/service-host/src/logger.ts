// Structured logs: JSON lines on standard error, secrets left out.
import { writeSync } from 'node:fs';
import { type DestinationStream, pino, type Logger } from 'pino';

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

/** Standard error. A line that can't be written, for instance on a full disk, is lost; pino's own output would end the process. */
const output: DestinationStream = {
  write(line) {
    try {
      writeSync(2, line);
    } catch {
      // There is nowhere to say so.
    }
  },
};

export function createLogger(service: string, level = 'info'): Logger {
  return pino({ level, base: { service }, redact: { paths: SECRET_PATHS, censor: '[redacted]' } }, output);
}
