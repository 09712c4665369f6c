// The last lines of an attempt's output, as they go into the record of its end.
import { lastState } from './line-splitter.ts';

export const MAX_LINES = 50;
export const MAX_BYTES = 16 * 1024;
const MAX_LINE_CHARS = 2_000;

export interface OutputTails {
  /** The ends of both outputs, secrets masked already. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** At most 50 lines and 16 KiB: standard output first, then standard error, where the cause of a crash stands. */
export function lastLines(tails: OutputTails): string[] {
  const out = linesOf(tails.stdout);
  const err = linesOf(tails.stderr);
  const errCount = Math.min(err.length, Math.max(MAX_LINES / 2, MAX_LINES - out.length));
  const chosen = [...lastOf(out, MAX_LINES - errCount), ...lastOf(err, errCount)];
  return withinBytes(chosen);
}

function lastOf(lines: readonly string[], count: number): readonly string[] {
  return count <= 0 ? [] : lines.slice(-count);
}

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n').map(lastState);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) =>
    (line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line).toWellFormed(),
  );
}

function withinBytes(lines: readonly string[]): string[] {
  let total = 0;
  const kept = lines.toReversed().filter((line) => {
    total += Buffer.byteLength(line) + 1;
    return total <= MAX_BYTES;
  });
  return kept.toReversed();
}
