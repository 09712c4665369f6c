// `--at`: what is shown as it was at a time in the past, or behind a commit of the log.
import type { Command } from 'commander';
import { pastTime } from './commands/gaps/past-time.ts';

export interface PastOption {
  readonly at?: string;
}

const POSITION = /^position:\d{1,15}$/;

export function withPast(command: Command): Command {
  return command.option('--at <time>', 'as it was so long ago ("2h"), then ("2026-10-01T08:00"), or at "position:N"');
}

/** For `connect`, where every read of the client then is of that moment; or for a single read. */
export function pastOf({ at }: PastOption): { readonly at?: string } {
  if (at === undefined) return {};
  return { at: POSITION.test(at) ? at : String(pastTime(at, Date.now())) };
}
