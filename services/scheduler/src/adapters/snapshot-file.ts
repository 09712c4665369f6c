// The ledger's snapshot in a file: a line that says what it is and whose log it belongs to, and the ledger as JSON.
import { hash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import type { EventStore } from '@baton/event-store';
import type { LedgerSnapshot, Snapshots } from '../app/ports.ts';
import { LEDGER_VERSION, type SavedLedger } from '../domain/saved-ledger.ts';

interface Head extends Omit<LedgerSnapshot, 'saved'> {
  readonly ledgerVersion: number;
  /** SHA-256 (hex) of the rest of the file. */
  readonly digest: string;
}

export interface SnapshotFileOptions {
  readonly path: string;
  readonly log: Pick<EventStore, 'hashAt'>;
  readonly report: (error: unknown, where: string) => void;
}

export function snapshotFile({ path, log, report }: SnapshotFileOptions): Snapshots {
  let last = { position: 0, jobs: 0 };
  let making = 0;
  return {
    last: () => last,
    async making(work) {
      making += 1;
      return work().finally(() => (making -= 1));
    },
    isMaking: () => making > 0,
    async latest() {
      const read = await readSnapshot(path).catch((error: unknown) => {
        report(error, `${path} is of no use`);
        return null;
      });
      if (read === null || (await log.hashAt(read.position)) !== read.hash) return null;
      last = lastOf(read);
      return read;
    },
    async save(snapshot) {
      const { saved, ...place } = snapshot;
      const body = JSON.stringify(saved);
      const head: Head = { ...place, ledgerVersion: LEDGER_VERSION, digest: hash('sha256', body) };
      const handle = await open(`${path}.new`, 'w', 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(head)}\n${body}`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${path}.new`, path);
      last = lastOf(snapshot);
    },
  };
}

const lastOf = ({ position, saved }: LedgerSnapshot) => ({ position, jobs: saved.jobs.length });

/** Null if there is none, or if it is of another version; throws when it is damaged. */
async function readSnapshot(path: string): Promise<LedgerSnapshot | null> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return null;
  const end = bytes.indexOf('\n');
  const { ledgerVersion, digest, position, term, hash: ofCommit } = JSON.parse(bytes.toString('utf8', 0, end)) as Head;
  if (ledgerVersion !== LEDGER_VERSION) return null;
  const body = bytes.subarray(end + 1);
  if (hash('sha256', body) !== digest) throw new Error('its content is not what was written');
  return { position, term, hash: ofCommit, saved: JSON.parse(body.toString('utf8')) as SavedLedger };
}
