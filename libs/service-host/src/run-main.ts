// The body of every main.ts: start, stop in order on SIGINT and SIGTERM or when the parent goes, exit with a clear error.
import { flushCompileCache } from 'node:module';
import { PlatformError } from '@baton/errors';
import type { Environment } from './configuration.ts';

export interface Closable {
  close(): Promise<void>;
}

/** Runs `start` as this process's work. With `BATON_PARENT=stdin` the end of standard input stops it as well. */
export async function runMain(start: (environment: Environment) => Promise<Closable>): Promise<void> {
  let running: Closable;
  try {
    running = await start(process.env);
    // Kept now: a process that is killed has no other chance, and the next start is the one that should be quick.
    flushCompileCache();
  } catch (error) {
    const text =
      error instanceof PlatformError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
  const stop = once(() => {
    void running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
    setTimeout(() => process.exit(1), 10_000).unref();
  });
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.env['BATON_PARENT'] === 'stdin') process.stdin.on('end', stop).on('error', stop).resume();
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
