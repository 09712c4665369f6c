// GET /reservations/:id.
import { bookingRpc, BookingView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getReservation = operation({
  method: 'GET',
  url: '/reservations/:id',
  summary: 'Show a reservation',
  access: 'user',
  past: true,
  schema: { params: IdPath, response: BookingView },
  handler: ({ call, params }) => call(bookingRpc.get, params),
});
