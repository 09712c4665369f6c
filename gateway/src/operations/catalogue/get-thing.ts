// GET /datasets/:id, /models/:id.
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import type { Catalogue } from './catalogue.ts';

export const getThing = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}/:id`,
    summary: `Show a ${catalogue.noun} with its versions`,
    access: 'user',
    past: true,
    schema: { params: IdPath, response: catalogue.rpc.get.reply },
    handler: ({ call, params }) => call(catalogue.rpc.get, params),
  });
