// What is asked about the queue, on NATS.
import { queueRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { QueueAnswers } from '../app/queue-answers.ts';

type CallOf<K extends keyof typeof queueRpc> = Call<(typeof queueRpc)[K]['request']>;

@Controller()
export class QueueController {
  readonly #answers: QueueAnswers;

  constructor(@Inject(QueueAnswers) answers: QueueAnswers) {
    this.#answers = answers;
  }

  @Answers(queueRpc.queue)
  queue(call: CallOf<'queue'>) {
    return this.#answers.queue(call, call.body);
  }

  @Answers(queueRpc.why)
  why(call: CallOf<'why'>) {
    return this.#answers.why(call, call.body.id);
  }

  @Answers(queueRpc.overtakers)
  overtakers(call: CallOf<'overtakers'>) {
    return this.#answers.overtakers(call, call.body.id);
  }
}
