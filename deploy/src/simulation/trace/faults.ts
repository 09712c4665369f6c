// Why a trace can't be replayed: every fault with its line, the first twenty in words.
import { PlatformError } from '@baton/errors';

export interface RowFault {
  readonly line: number;
  readonly text: string;
}

const SHOWN = 20;

export function unreadable(file: string, text: string, cause?: unknown): PlatformError {
  return new PlatformError('invalid_input', `${file}: ${text}`, { cause });
}

export function badRows(file: string, faults: readonly RowFault[]): PlatformError {
  const shown = faults.slice(0, SHOWN).map(({ line, text }) => `  line ${line}: ${text}`);
  const more = faults.length > SHOWN ? [`  and ${faults.length - SHOWN} more`] : [];
  const what = faults.length === 1 ? '1 row is' : `${faults.length} rows are`;
  return new PlatformError('invalid_input', [`${file}: ${what} not a job:`, ...shown, ...more].join('\n'), {
    issues: faults.slice(0, SHOWN).map(({ line, text }) => ({ pointer: `/${line}`, detail: text })),
  });
}
