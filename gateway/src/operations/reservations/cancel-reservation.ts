// DELETE /reservations/:id.
import { bookingRpc, CancelBooking, Changed } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const cancelReservation = operation({
  method: 'DELETE',
  url: '/reservations/:id',
  summary: 'Cancel a reservation, or end one that has begun (admin)',
  access: 'user',
  schema: { params: IdPath, query: without(CancelBooking, 'id'), response: Changed },
  handler: ({ call, params, query }) => call(bookingRpc.cancel, { ...query, ...params }),
});
