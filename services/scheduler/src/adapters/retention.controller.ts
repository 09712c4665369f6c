// Retention over NATS.
import { retentionRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { RetentionAdmin } from '../app/retention/retention-admin.ts';

@Controller()
export class RetentionController {
  readonly #admin: RetentionAdmin;

  constructor(@Inject(RetentionAdmin) admin: RetentionAdmin) {
    this.#admin = admin;
  }

  @Answers(retentionRpc.sweep)
  sweep({ principal, meta, body }: Call<typeof retentionRpc.sweep.request>) {
    return this.#admin.sweep({ principal, meta }, body);
  }
}
