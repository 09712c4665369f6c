// What the dataset service answers over NATS.
import { datasetRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Datasets } from '../app/datasets.ts';

type Asked<K extends keyof typeof datasetRpc> = Call<(typeof datasetRpc)[K]['request']>;

@Controller()
export class DatasetController {
  readonly #datasets: Datasets;

  constructor(@Inject(Datasets) datasets: Datasets) {
    this.#datasets = datasets;
  }

  @Answers(datasetRpc.create)
  create(call: Asked<'create'>) {
    return this.#datasets.create(call, call.body);
  }

  @Answers(datasetRpc.update)
  update(call: Asked<'update'>) {
    return this.#datasets.update(call, call.body);
  }

  @Answers(datasetRpc.delete)
  delete(call: Asked<'delete'>) {
    return this.#datasets.delete(call, call.body.id);
  }

  @Answers(datasetRpc.addVersion)
  addVersion(call: Asked<'addVersion'>) {
    return this.#datasets.addVersion(call, call.body);
  }

  @Answers(datasetRpc.get)
  get(call: Asked<'get'>) {
    return this.#datasets.queries.get(call, call.body.id);
  }

  @Answers(datasetRpc.list)
  list(call: Asked<'list'>) {
    return this.#datasets.queries.list(call, call.body);
  }

  @Answers(datasetRpc.manifest)
  manifest(call: Asked<'manifest'>) {
    return this.#datasets.queries.manifest(call, call.body.id, call.body.version);
  }

  @Answers(datasetRpc.resolve)
  resolve(call: Asked<'resolve'>) {
    return this.#datasets.resolve(call, call.body);
  }
}
