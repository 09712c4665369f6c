// Brings the exit status of an attempt to the disk, with the entries of the folder that it lies in.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What a job has put in their place is not waited for; what is gone is not kept. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

export async function keepEnd({ exit, run }: { readonly exit: string; readonly run: string }): Promise<void> {
  for (const path of [exit, run]) await synced(path).catch(() => undefined);
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, FLAGS);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
