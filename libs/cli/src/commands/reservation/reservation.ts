// `baton reservation ...`.
import { noun } from '../../verb.ts';
import { cancelReservation } from './cancel.ts';
import { createReservation } from './create.ts';
import { listReservations } from './list.ts';

export const reservation = () =>
  noun('reservation', 'nodes and devices kept for a class, a deadline or a repair', [
    listReservations(),
    createReservation(),
    cancelReservation(),
  ]);
