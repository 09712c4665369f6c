// The `baton` command: runs one command line, says what went wrong on standard error, and ends with an exit code.
import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { describeFailure, failureText } from './failure.ts';
import { baton } from './program.ts';

// Who reads our output may stop reading (`| head`): that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
}

function wantsJson(): boolean {
  const end = process.argv.indexOf('--');
  return process.argv.slice(2, end === -1 ? undefined : end).includes('--json');
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const failure = describeFailure(error);
  process.stderr.write(wantsJson() ? `${JSON.stringify({ error: failure })}\n` : `${failureText(failure)}\n`);
  return failure.exitCode;
}

try {
  await baton().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
