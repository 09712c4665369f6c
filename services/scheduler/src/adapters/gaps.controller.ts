// The idle-gap ledger, on NATS.
import { schedulerRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Gaps } from '../app/gaps.ts';

@Controller()
export class GapsController {
  readonly #gaps: Gaps;

  constructor(@Inject(Gaps) gaps: Gaps) {
    this.#gaps = gaps;
  }

  @Answers(schedulerRpc.gaps)
  gaps(call: Call<typeof schedulerRpc.gaps.request>) {
    return this.#gaps.view(call, call.body);
  }
}
