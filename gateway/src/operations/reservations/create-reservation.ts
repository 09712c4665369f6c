// POST /reservations.
import { bookingRpc, Changed, MakeBooking } from '@baton/contracts';
import { operation } from '../operation.ts';

export const createReservation = operation({
  method: 'POST',
  url: '/reservations',
  summary: 'Reserve a node, or some of its devices, for a time: for users, groups, or a repair (admin)',
  access: 'user',
  schema: { body: MakeBooking, response: Changed },
  status: 201,
  location: ({ id }) => `/reservations/${id}`,
  handler: ({ call, body }) => call(bookingRpc.make, body),
});
