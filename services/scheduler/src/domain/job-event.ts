// Makes a job's event, as deciders answer it.
import type { JobEvent } from '@baton/contracts';

/** Every version so far is 1. */
export function event<T extends JobEvent['type']>(type: T, data: Extract<JobEvent, { type: T }>['data']): JobEvent {
  return { type, v: 1, data } as JobEvent;
}
