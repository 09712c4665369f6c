// Events of earlier versions read as those of today: one step for each version, applied when a commit is decoded.
import type { AggregateName } from '@baton/contracts';
import type { StoredEvent } from './port.ts';

/** Reads version `from` of an event as version `from` + 1. */
export interface Upcaster {
  readonly aggregate: AggregateName;
  readonly type: string;
  readonly from: number;
  /** Pure: the same log always says the same. What it gets once fitted the schema that the event had then. */
  readonly upcast: (data: unknown) => unknown;
}

export type Upcasters = ReadonlyMap<string, Upcaster['upcast']>;

export function upcasters(steps: readonly Upcaster[]): Upcasters {
  return new Map(steps.map(({ aggregate, type, from, upcast }) => [keyOf(aggregate, type, from), upcast]));
}

/** Every event is at its first version. Whoever adds a step adds a golden history of the version before it was changed. */
export const UPCASTERS: Upcasters = upcasters([]);

/** The stored events as the newest versions that steps lead to; the very same array where there is nothing to do. */
export function upcastEvents(aggregate: AggregateName, events: StoredEvent[], steps: Upcasters): StoredEvent[] {
  return steps.size === 0 ? events : events.map((event) => upcastEvent(aggregate, event, steps));
}

function upcastEvent(aggregate: AggregateName, stored: StoredEvent, steps: Upcasters): StoredEvent {
  let event = stored;
  for (let step = stepFor(aggregate, event, steps); step !== undefined; step = stepFor(aggregate, event, steps)) {
    event = { type: event.type, v: event.v + 1, data: step(event.data) };
  }
  return event;
}

function stepFor(aggregate: AggregateName, { type, v }: StoredEvent, steps: Upcasters) {
  return steps.get(keyOf(aggregate, type, v));
}

function keyOf(aggregate: AggregateName, type: string, from: number): string {
  return `${aggregate} ${type} ${from}`;
}
