// `npm run chaos -- --kills N --seed S`: its last line of output is one JSON object; exit code 1 if anything was violated.
import { PlatformError } from '@baton/errors';
import { chaos } from './chaos.ts';
import { readOptions } from './options.ts';

/** Enough to see what it is about; all of them go to standard error. */
const SHOWN = 20;

async function main(): Promise<number> {
  const report = await chaos(readOptions(process.argv.slice(2)), (text) => process.stderr.write(`${text}\n`));
  for (const words of report.violations) process.stderr.write(`VIOLATED ${words}\n`);
  process.stdout.write(`${JSON.stringify({ ...report, violations: report.violations.slice(0, SHOWN) })}\n`);
  return report.violations.length > 0 ? 1 : 0;
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text = error instanceof PlatformError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(error instanceof PlatformError && error.code === 'invalid_input' ? 2 : 1);
  },
);
