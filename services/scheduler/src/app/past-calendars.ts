// The calendars as they are, or as they were: with the names of the nodes and the time that go with them.
import type { Collection } from '@baton/read-store';
import type { CalendarDocument } from '../projections/past-rules.ts';
import type { NodeDocument } from '../projections/node-document.ts';
import type { Booked } from '../domain/calendar.ts';

/** Calendars of one moment. */
export interface Calendars {
  readonly now: number;
  /** Also those that are over or cancelled. */
  readonly booked: readonly Booked[];
  /** By id or name. */
  readonly node: (ref: string) => { readonly id: string; readonly name: string } | undefined;
}

type Paged<D extends { readonly id: string; readonly revision: number }> = Pick<Collection<D>, 'page'>;

const PAGE = 500;

export async function pastCalendars(
  now: number,
  calendars: Paged<CalendarDocument>,
  nodes: Paged<NodeDocument>,
): Promise<Calendars> {
  const [found, known] = [await all(calendars), (await all(nodes)).filter(({ phase }) => phase === 'known')];
  return {
    now,
    booked: found.flatMap(({ bookings }) => bookings),
    node: (ref) => known.find(({ id }) => id === ref) ?? known.find(({ name }) => name === ref),
  };
}

async function all<D extends { readonly id: string; readonly revision: number }>(collection: Paged<D>): Promise<D[]> {
  const found: D[] = [];
  let cursor: string | null = null;
  do {
    const page = await collection.page({ anyOf: [], filter: {}, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
