// GET /datasets, /models.
import { operation } from '../operation.ts';
import type { Catalogue } from './catalogue.ts';

export const listThings = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}`,
    summary: `List the ${catalogue.path} that the caller may read`,
    access: 'user',
    past: true,
    schema: { query: catalogue.rpc.list.request, response: catalogue.rpc.list.reply },
    handler: ({ call, query }) => call(catalogue.rpc.list, query),
  });
