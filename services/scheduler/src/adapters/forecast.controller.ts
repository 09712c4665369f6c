// How good forecasts were, and what would have been, on NATS.
import { forecastRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Stats } from '../app/stats.ts';
import { WhatIfs } from '../app/what-ifs.ts';

@Controller()
export class ForecastController {
  readonly #stats: Stats;
  readonly #whatIfs: WhatIfs;

  constructor(@Inject(Stats) stats: Stats, @Inject(WhatIfs) whatIfs: WhatIfs) {
    this.#stats = stats;
    this.#whatIfs = whatIfs;
  }

  @Answers(forecastRpc.stats)
  async stats(_call: Call<(typeof forecastRpc)['stats']['request']>) {
    return this.#stats.view();
  }

  @Answers(forecastRpc.whatIf)
  whatIf(call: Call<(typeof forecastRpc)['whatIf']['request']>) {
    return this.#whatIfs.ask(call, call.body);
  }
}
