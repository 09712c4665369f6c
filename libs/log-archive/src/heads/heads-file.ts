// Sealed heads in a file that grows by a line a minute at most, and is thinned: a head vouches for all that lies before it.
import { open, readFile, rename } from 'node:fs/promises';
import { LOG_STREAMS } from '../log-streams.ts';
import { parseHead, type SealedHead } from './sealed-head.ts';

const TAIL_BYTES = 64 * 1024;
/** Above this it is looked at what may go. */
const THIN_ABOVE_BYTES = 4 * 1024 * 1024;
const DAY_MS = 86_400_000;

export interface Heads {
  readonly heads: readonly SealedHead[];
  /** Lines, from 1, that are no heads. A last line that a crash has cut is none of them. */
  readonly badLines: readonly number[];
}

/** None if there is no file. */
export async function readHeads(file: string): Promise<Heads> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').slice(0, -1);
  const parsed = lines.map((line, index) => ({ number: index + 1, head: parseHead(line), isEmpty: line === '' }));
  return {
    heads: parsed.flatMap(({ head }) => (head === null ? [] : [head])),
    badLines: parsed.flatMap(({ number, head, isEmpty }) => (head === null && !isEmpty ? [number] : [])),
  };
}

/** The newest heads, one of each stream that has one; without reading a long file whole. */
export async function readLastHeads(file: string): Promise<SealedHead[]> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return [];
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(
      Buffer.alloc(Math.min(size, TAIL_BYTES)),
      0,
      null,
      Math.max(0, size - TAIL_BYTES),
    );
    const heads = buffer
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => parseHead(line) ?? []);
    const found = newest(heads);
    return found.length === LOG_STREAMS.length || size <= TAIL_BYTES ? found : newest((await readHeads(file)).heads);
  } finally {
    await handle.close();
  }
}

function newest(heads: readonly SealedHead[]): SealedHead[] {
  return LOG_STREAMS.flatMap((stream) => heads.findLast((head) => head.stream === stream) ?? []);
}

/** Durable when it resolves. */
export async function appendHeads(file: string, heads: readonly SealedHead[], now: number): Promise<void> {
  if (heads.length === 0) return;
  const handle = await open(file, 'a', 0o600);
  let size: number;
  try {
    ({ size } = await handle.stat());
    // Behind a line that a crash has cut, a line of its own is begun.
    await handle.write(`${size === 0 ? '' : '\n'}${linesOf(heads)}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (size > THIN_ABOVE_BYTES) await thin(file, now);
}

export function linesOf(heads: readonly SealedHead[]): string {
  return heads.map((head) => `${JSON.stringify(head)}\n`).join('');
}

async function thin(file: string, now: number): Promise<void> {
  const { heads } = await readHeads(file);
  const kept = thinned(heads, now);
  if (kept.length > heads.length / 2) return;
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(linesOf(kept));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

/** All of the last day, and of each day before it the last of each stream. */
export function thinned(heads: readonly SealedHead[], now: number): SealedHead[] {
  const lastOfDay = new Map<string, SealedHead>();
  for (const head of heads) lastOfDay.set(`${head.stream} ${Math.floor(head.at / DAY_MS)}`, head);
  const kept = new Set(lastOfDay.values());
  return heads.filter((head) => now - head.at < DAY_MS || kept.has(head));
}
