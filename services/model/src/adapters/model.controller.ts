// What the model service answers over NATS.
import { modelRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Models } from '../app/models.ts';

type Asked<K extends keyof typeof modelRpc> = Call<(typeof modelRpc)[K]['request']>;

@Controller()
export class ModelController {
  readonly #models: Models;

  constructor(@Inject(Models) models: Models) {
    this.#models = models;
  }

  @Answers(modelRpc.create)
  create(call: Asked<'create'>) {
    return this.#models.create(call, call.body);
  }

  @Answers(modelRpc.update)
  update(call: Asked<'update'>) {
    return this.#models.update(call, call.body);
  }

  @Answers(modelRpc.delete)
  delete(call: Asked<'delete'>) {
    return this.#models.delete(call, call.body.id);
  }

  @Answers(modelRpc.addVersion)
  addVersion(call: Asked<'addVersion'>) {
    return this.#models.addVersion(call, call.body);
  }

  @Answers(modelRpc.get)
  get(call: Asked<'get'>) {
    return this.#models.queries.get(call, call.body.id);
  }

  @Answers(modelRpc.list)
  list(call: Asked<'list'>) {
    return this.#models.queries.list(call, call.body);
  }

  @Answers(modelRpc.manifest)
  manifest(call: Asked<'manifest'>) {
    return this.#models.queries.manifest(call, call.body.id, call.body.version);
  }

  @Answers(modelRpc.resolve)
  resolve(call: Asked<'resolve'>) {
    return this.#models.resolve(call, call.body);
  }

  @Answers(modelRpc.mayRegister)
  mayRegister(call: Asked<'mayRegister'>) {
    return this.#models.mayRegister(call, call.body.name);
  }
}
