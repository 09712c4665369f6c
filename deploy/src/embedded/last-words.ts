// What a process said last before it ended: a sentence for people, where it is one.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 4_096;
const MOST_CHARACTERS = 600;

/** Null if its log ends in a line for programs, as JSON or as part of a stack, or with nothing. */
export function lastWords(logFile: string): string | null {
  const file = openSync(logFile, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const line = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return /^[A-Z].*[.!?]$/.test(line) ? line.slice(0, MOST_CHARACTERS) : null;
  } finally {
    closeSync(file);
  }
}
