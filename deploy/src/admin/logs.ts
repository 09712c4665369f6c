// Verification, export and import of an installation's log.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '@baton/errors';
import {
  importLog,
  type LogPlace,
  logOn,
  openArchive,
  readHeads,
  readPublicKey,
  type VerifiedLog,
  type VerifyReport,
  verifyLog,
  writeArchive,
} from '@baton/log-archive';
import { natsBinary } from './nats-binary.ts';
import { existingHome, openLogOf, openStore, tryLock } from './open-log.ts';
import { startPrivateServer } from './private-server.ts';
import { allReducers as reducers } from './reducers.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export async function verifyPlace(place: LogPlace, settings: Settings): Promise<VerifiedLog> {
  // Read before the log: what is sealed meanwhile is not missed in it.
  const { seals, badLines } = await sealsOf(place);
  const options = { reducers, ...(seals === null ? {} : { seals }) };
  if (place.archive !== undefined) {
    const report = await verifyLog(await openArchive([place.archive]), options);
    return { ...report, source: place.archive, badHeadLines: badLines };
  }
  const log =
    place.store === undefined ? await openLogOf(place.home, settings) : await openStore(place.store, settings);
  try {
    const report = await verifyLog(await logOn(log.connection), options);
    return { ...report, source: log.source, badHeadLines: badLines };
  } finally {
    await log.close();
  }
}

async function sealsOf({ home, store, archive, heads: headsFile, publicKey: keyFile }: LogPlace) {
  // A copy and an export say nothing of where their heads are.
  const ofHome = store === undefined && archive === undefined;
  const file = headsFile ?? (ofHome ? join(home, 'seals', 'heads.ndjson') : null);
  if (file === null) return { seals: null, badLines: [] };
  if (headsFile !== undefined && !existsSync(file)) throw new PlatformError('not_found', `There is no file ${file}.`);
  const { heads, badLines } = await readHeads(file);
  const key = keyFile ?? join(home, 'secrets', 'seal-key');
  if (!existsSync(key)) {
    if (heads.length === 0) return { seals: null, badLines };
    throw new PlatformError(
      'not_found',
      `The heads were signed with a key that is not at ${key}. Name it with --public-key.`,
    );
  }
  return { seals: { heads, publicKey: readPublicKey(key) }, badLines };
}

export async function exportPlace(home: string, file: string, settings: Settings): Promise<VerifyReport> {
  if (existsSync(file)) throw new PlatformError('conflict', `${file} is there already; give another name.`);
  const log = await openLogOf(home, settings);
  try {
    return await writeArchive(file, await logOn(log.connection), { reducers, now: Date.now });
  } finally {
    await log.close();
  }
}

/** Into a state folder that no platform runs on, whose streams are empty. */
export async function importPlace(homeFolder: string, file: string, settings: Settings): Promise<VerifyReport> {
  const home = existingHome(homeFolder);
  const archive = await openArchive([file]);
  const release = tryLock(home);
  if (release === null) throw new PlatformError('conflict', `A platform runs on ${home}. Stop it first.`);
  try {
    const server = await startPrivateServer(natsBinary(settings), join(home, 'nats'));
    try {
      return await importLog(server.connection, archive, { reducers });
    } finally {
      await server.close();
    }
  } finally {
    release();
  }
}
