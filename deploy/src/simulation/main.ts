// `npm run simulate`: replays a trace of jobs through the scheduler's engine with a fake clock, and prints what came of it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { hasCode, PlatformError } from '@baton/errors';
import { newEngine } from './engine.ts';
import { simulateCommand } from './command.ts';

function bytesOf(file: string): Uint8Array {
  try {
    // npm starts scripts in the root, wherever it was called.
    return readFileSync(resolve(process.env['INIT_CWD'] ?? '', file));
  } catch (error) {
    throw new PlatformError('invalid_input', `${file} can not be read: ${(error as Error).message}`, { cause: error });
  }
}

try {
  process.stdout.write(await simulateCommand(process.argv.slice(2), { bytesOf, engine: newEngine }));
} catch (error) {
  if (!hasCode(error, 'invalid_input')) throw error;
  process.stderr.write(`${(error as PlatformError).message}\n`);
  process.exitCode = 2;
}
