// Following as commands do it: Ctrl-C lets go of the job, and the exit code tells how it ended.
import { EXIT, exitCodeOfJob } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { note } from '../output/print.ts';
import { connect, PATIENT_MS } from '../session.ts';
import { followJob } from './follow-job.ts';
import { JsonWatcher } from './json-watcher.ts';
import { TerminalWatcher } from './terminal-watcher.ts';

/** Sets the process's exit code. */
export async function followUntilOver(id: string, { json }: { readonly json?: boolean | undefined }): Promise<void> {
  const { client } = await connect({ retryForMs: PATIENT_MS });
  const watcher = json ? new JsonWatcher() : new TerminalWatcher();
  const job = await interruptible((signal) => followJob(client, id, watcher, signal));
  process.exitCode = job ? exitCodeOfJob(job.state) : EXIT.interrupted;
  if (!job)
    note(
      `Detached; the job goes on. Follow it again with \`baton job logs -f ${id}\`, stop it with \`baton job cancel ${id}\`.`,
    );
}
