// Sealed heads in a file that only grows, one a line.
import { open, readFile } from 'node:fs/promises';
import { parseHead, type SealedHead } from './sealed-head.ts';

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
  const parsed = lines.map((line, index) => ({ number: index + 1, head: line === '' ? null : parseHead(line), line }));
  return {
    heads: parsed.flatMap(({ head }) => (head === null ? [] : [head])),
    badLines: parsed.flatMap(({ number, head, line }) => (head === null && line !== '' ? [number] : [])),
  };
}

/** Durable when it resolves. */
export async function appendHeads(file: string, heads: readonly SealedHead[]): Promise<void> {
  if (heads.length === 0) return;
  const handle = await open(file, 'a', 0o600);
  try {
    // Behind a line that a crash has cut, a line of its own is begun.
    const before = await handle.stat();
    const start = before.size === 0 ? '' : '\n';
    await handle.write(`${start}${heads.map((head) => JSON.stringify(head)).join('\n')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
