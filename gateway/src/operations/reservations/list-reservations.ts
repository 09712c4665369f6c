// GET /reservations.
import { bookingRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listReservations = operation({
  method: 'GET',
  url: '/reservations',
  summary: 'List reservations in order of their beginning; with `all`, also those that are over or cancelled',
  access: 'user',
  past: true,
  schema: { query: bookingRpc.list.request, response: bookingRpc.list.reply },
  handler: ({ call, query }) => call(bookingRpc.list, query),
});
