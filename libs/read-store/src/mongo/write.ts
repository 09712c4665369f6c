// Writes the changes of a batch: each record on the condition that it is older, so that writing twice changes nothing.
import { PlatformError } from '@baton/errors';
import type { Model } from 'mongoose';
import type { Change, Document } from '../port.ts';
import { encodeDocument } from './documents.ts';
import { onlyDuplicates } from './failure.ts';
import type { DocumentRecord } from './records.ts';

type Records = Model<DocumentRecord>;

const MAX_ROUNDS = 5;

/**
 * Brings the records to `position`. Upserts would do it in one step, but FerretDB takes 30 ms for each, and gives up the
 * rest of an unordered batch at the first key that exists: so new records are inserted, known ones replaced.
 */
export async function writeChanges(
  records: Records,
  changes: readonly Change<Document>[],
  position: number,
): Promise<void> {
  // The last change of a document stands for all: records of the same position do not replace each other.
  const last = new Map(changes.map((change) => [change.kind === 'put' ? change.document.id : change.id, change]));
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (await writeRound(records, last, position)) return;
  }
  throw new PlatformError('unavailable', 'Another instance is writing this read model.');
}

/** False if a record came into being meanwhile. */
async function writeRound(
  records: Records,
  changes: ReadonlyMap<string, Change<Document>>,
  position: number,
): Promise<boolean> {
  const known = await positionsOf(records, [...changes.keys()]);
  const fresh: DocumentRecord[] = [];
  const older: DocumentRecord[] = [];
  const removed: string[] = [];
  for (const [id, change] of changes) {
    const stored = known.get(id);
    if (change.kind === 'delete') removed.push(id);
    else if (stored === undefined) fresh.push(recordOf(change.document, position));
    else if (stored < position) older.push(recordOf(change.document, position));
  }
  if (removed.length > 0) await records.deleteMany({ _id: { $in: removed }, position: { $lt: position } });
  await replace(records, older, position);
  return insert(records, fresh);
}

async function positionsOf(records: Records, ids: string[]): Promise<Map<string, number>> {
  const found = await records.find({ _id: { $in: ids } }, { position: 1 }).lean<DocumentRecord[]>();
  return new Map(found.map((record) => [record._id, record.position]));
}

async function replace(records: Records, older: readonly DocumentRecord[], position: number): Promise<void> {
  if (older.length === 0) return;
  const writes = older.map((replacement) => ({
    replaceOne: { filter: { _id: replacement._id, position: { $lt: position } }, replacement },
  }));
  await records.bulkWrite(writes, { ordered: false });
}

async function insert(records: Records, fresh: DocumentRecord[]): Promise<boolean> {
  if (fresh.length === 0) return true;
  try {
    await records.insertMany(fresh, { ordered: false });
    return true;
  } catch (error) {
    if (onlyDuplicates(error)) return false;
    throw error;
  }
}

function recordOf(document: Document, position: number): DocumentRecord {
  return { _id: document.id, position, doc: encodeDocument(document) };
}
