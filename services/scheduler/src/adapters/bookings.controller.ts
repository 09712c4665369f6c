// The scheduler's operations on reservations, on NATS.
import { bookingRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import type { TSchema } from 'typebox';
import { BookingAdmin } from '../app/booking-admin.ts';
import type { BookingRequest } from '../app/bookings.ts';

type CallOf<K extends keyof typeof bookingRpc> = Call<(typeof bookingRpc)[K]['request']>;

@Controller()
export class BookingsController {
  readonly #admin: BookingAdmin;

  constructor(@Inject(BookingAdmin) admin: BookingAdmin) {
    this.#admin = admin;
  }

  @Answers(bookingRpc.make)
  make(call: CallOf<'make'>) {
    return this.#admin.make(requestOf(call), call.body);
  }

  @Answers(bookingRpc.list)
  list(call: CallOf<'list'>) {
    return this.#admin.list(call, call.body);
  }

  @Answers(bookingRpc.get)
  get({ principal, meta, body }: CallOf<'get'>) {
    return this.#admin.get({ principal, meta }, body.id);
  }

  @Answers(bookingRpc.cancel)
  cancel(call: CallOf<'cancel'>) {
    return this.#admin.cancel(requestOf(call), call.body);
  }
}

function requestOf<Q extends TSchema>({ principal, meta, subject, body }: Call<Q>): BookingRequest {
  return { caller: { principal, meta }, subject, body };
}
