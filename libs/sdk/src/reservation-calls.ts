// Nodes and devices that people have reserved for a time.
import type { BookingView, MakeBooking } from '@baton/contracts';
import type { Changed, Page } from './answers.ts';
import type { Http, Query, RequestOptions } from './http.ts';

export class ReservationCalls {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  create = (body: MakeBooking, options: RequestOptions = {}) =>
    this.#http.json<Changed>('POST', '/reservations', { ...options, body });

  /** By their beginning. `all`: also those that are over or cancelled. */
  list = (query: Query = {}) => this.#http.json<Page<BookingView>>('GET', '/reservations', { query });

  get = (id: string, query: Query = {}) => this.#http.json<BookingView>('GET', pathOf(id), { query });

  cancel = (id: string, query: { readonly reason?: string } = {}) =>
    this.#http.json<Changed>('DELETE', pathOf(id), { query });
}

function pathOf(id: string): string {
  return `/reservations/${encodeURIComponent(id)}`;
}
