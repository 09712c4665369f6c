// What staging does to files, in calls that block: they run in a thread of low priority, where every call carries that priority.
import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

export interface TreeFile {
  /** The file that holds the content. */
  readonly source: string;
  /** Where it goes below the folder; checked by the caller. */
  readonly path: string;
  readonly digest: string;
  readonly executable: boolean;
}

export type StageOperation =
  /** A tree of read-only files out of verified content; hard links where `mayLink`: the tree is only ever shown read-only. */
  | { readonly type: 'build'; readonly files: readonly TreeFile[]; readonly folder: string; readonly mayLink: boolean }
  /** A copy of a tree for one attempt, which shares nothing that can be written with it. */
  | { readonly type: 'copy'; readonly from: string; readonly to: string; readonly readOnly: boolean }
  | { readonly type: 'remove'; readonly folder: string }
  /** Removes fetched blobs that no tree links to, other than those that are wanted. */
  | { readonly type: 'sweep'; readonly folder: string; readonly wanted: readonly string[] };

/** Asked before each piece: waits for its turn, counts, and throws when it is to stop. */
export type Step = (bytes: number) => void;

const PIECE_BYTES = 256 * 1_024;
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const OPEN_FOLDER = 0o755;
const CLOSED_FOLDER = 0o555;

/** Content that is not what its digest says. */
export class WrongContent extends Error {
  readonly code = 'digest_mismatch';
  readonly digest: string;

  constructor(digest: string) {
    super(`a blob does not match its digest ${digest}`);
    this.digest = digest;
  }
}

/** Gives the bytes that were newly taken on the disk. */
export function perform(operation: StageOperation, step: Step): number {
  switch (operation.type) {
    case 'build':
      return buildTree(operation, step);
    case 'copy':
      return copyTree(operation, step);
    case 'remove':
      removeTree(operation.folder);
      return 0;
    case 'sweep':
      sweepBlobs(operation.folder, new Set(operation.wanted));
      return 0;
    default:
      return operation satisfies never;
  }
}

function buildTree(operation: Extract<StageOperation, { type: 'build' }>, step: Step): number {
  const { files, folder } = operation;
  const folders = new Set(files.map((file) => dirname(join(folder, file.path))));
  for (const path of folders) fs.mkdirSync(path, { recursive: true });
  let taken = 0;
  for (const file of files) {
    const target = join(folder, file.path);
    // A link shares the mode with the blob: a file that is to be executable needs an inode of its own.
    if (operation.mayLink && !file.executable && linkVerified(file, target, step)) continue;
    taken += copyVerified(file, target, step);
  }
  closeFolders(folder);
  return taken;
}

/** False if the file system can't link it: it lies on another one, or has too many links. */
function linkVerified(file: TreeFile, target: string, step: Step): boolean {
  try {
    fs.linkSync(file.source, target);
  } catch (error) {
    if (NO_LINK.has(systemCode(error))) return false;
    throw error;
  }
  const hash = createHash('sha256');
  readPieces(target, step, (piece) => hash.update(piece));
  verify(hash, file.digest);
  return true;
}

function copyVerified(file: TreeFile, target: string, step: Step): number {
  const hash = createHash('sha256');
  const bytes = copyPieces(file.source, target, step, hash);
  verify(hash, file.digest);
  fs.chmodSync(target, file.executable ? 0o555 : 0o444);
  return bytes;
}

function verify(hash: Hash, digest: string): void {
  if (hash.digest('hex') !== digest) throw new WrongContent(digest);
}

function copyTree({ from, to, readOnly }: Extract<StageOperation, { type: 'copy' }>, step: Step): number {
  let taken = 0;
  let reflinks = true;
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length + 1));
    if (entry.isDirectory()) {
      fs.mkdirSync(target, { recursive: true });
      continue;
    }
    fs.mkdirSync(dirname(target), { recursive: true });
    reflinks = reflinks && reflink(source, target);
    if (!reflinks) taken += copyPieces(source, target, step);
    else step(0);
    const executable = (fs.statSync(source).mode & 0o111) === 0 ? 0 : 0o111;
    fs.chmodSync(target, (readOnly ? 0o444 : 0o644) | executable);
  }
  if (readOnly) closeFolders(to);
  return taken;
}

/** False where the file system has none: the first file tells for all. */
function reflink(source: string, target: string): boolean {
  try {
    fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE_FORCE | fs.constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') throw error;
    fs.rmSync(target, { force: true });
    return false;
  }
}

function copyPieces(source: string, target: string, step: Step, hash?: Hash): number {
  const output = fs.openSync(target, 'wx', 0o600);
  try {
    return readPieces(source, step, (piece) => {
      hash?.update(piece);
      for (let written = 0; written < piece.length;)
        written += fs.writeSync(output, piece, written, piece.length - written);
    });
  } finally {
    fs.closeSync(output);
  }
}

function readPieces(path: string, step: Step, take: (piece: Buffer) => void): number {
  const input = fs.openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  let total = 0;
  try {
    for (;;) {
      const bytes = fs.readSync(input, buffer, 0, PIECE_BYTES, null);
      // After the read and before the write: what is waited for is what was really there.
      step(bytes);
      if (bytes === 0) return total;
      take(buffer.subarray(0, bytes));
      total += bytes;
    }
  } finally {
    fs.closeSync(input);
  }
}

function closeFolders(root: string): void {
  for (const folder of foldersOf(root)) fs.chmodSync(folder, CLOSED_FOLDER);
}

/** Folders first become writable: otherwise only root could empty them. */
function removeTree(root: string): void {
  if (!fs.existsSync(root)) return;
  for (const folder of foldersOf(root)) fs.chmodSync(folder, OPEN_FOLDER);
  fs.rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}

function foldersOf(root: string): string[] {
  const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return [root, ...folders];
}

const STALE_PART_MS = 24 * 60 * 60 * 1_000;

/** The link count is the count of trees that use a blob. */
function sweepBlobs(folder: string, wanted: ReadonlySet<string>): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.nlink > 1 || wanted.has(entry.name.slice(0, 64))) continue;
    const isPart = entry.name.length > 64;
    if (!isPart || Date.now() - found.mtimeMs > STALE_PART_MS) fs.rmSync(path, { force: true });
  }
}

export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
