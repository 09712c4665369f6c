// Refuses a job's specification, and says where it is wrong.
import type { Issue } from '@baton/contracts';
import { parseDurationMs, parseSizeBytes } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

export function refuse(pointer: string, detail: string): never {
  const issues: Issue[] = [{ pointer, detail }];
  throw new PlatformError('invalid_input', `The job's specification is not valid: ${pointer} ${detail}.`, { issues });
}

/** Bytes; 0 if nothing was said. */
export function sizeOf(size: number | string | undefined, pointer: string): number {
  if (size === undefined) return 0;
  if (typeof size === 'number') return size;
  return parseSizeBytes(size) ?? refuse(pointer, `is not a size: "${size}"; write for example "4GiB"`);
}

export function durationOf(duration: number | string | undefined, pointer: string, leastMs: number): number | null {
  if (duration === undefined) return null;
  const ms = typeof duration === 'number' ? Math.round(duration * 1_000) : parseDurationMs(duration);
  if (ms === null || ms < leastMs)
    return refuse(pointer, `is not a duration: "${duration}"; write for example "2h30m"`);
  return ms;
}
