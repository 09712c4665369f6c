// A moment of the log, as `PastMoment` of the contracts writes it: a time, or a position of the stream that is read.
import { PlatformError } from '@baton/errors';
import type { EventStore, RecordedCommit } from '@baton/event-store';

export type When = { readonly position: number } | { readonly time: number };

export function whenOf(at: string): When {
  const position = /^position:(\d+)$/.exec(at)?.[1];
  return position === undefined ? { time: Number(at) } : { position: Number(position) };
}

export function isLater({ at, position }: Pick<RecordedCommit, 'at' | 'position'>, when: When): boolean {
  return 'time' in when ? at > when.time : position > when.position;
}

/** Milliseconds since the Unix epoch: of a position, when what stands there was written. `invalid_input` for one ahead. */
export async function timeOf(log: Pick<EventStore, 'lastPosition' | 'readAll'>, when: When): Promise<number> {
  if ('time' in when) return when.time;
  await refuseAhead(log, when.position);
  if (when.position === 0) return 0;
  for await (const { at } of log.readAll(when.position - 1, { onUnreadable: () => {} })) return at;
  return 0;
}

export async function refuseAhead(log: Pick<EventStore, 'lastPosition'>, position: number): Promise<void> {
  const last = await log.lastPosition();
  if (position > last) throw outside(`lies ahead: the log ends at position ${last}`);
}

/** There is nothing to tell of that moment. */
export function outside(detail: string): PlatformError {
  return new PlatformError('invalid_input', `The time asked for ${detail}.`, { issues: [{ pointer: '/at', detail }] });
}
