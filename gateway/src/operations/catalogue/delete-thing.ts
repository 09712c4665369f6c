// DELETE /datasets/:id, /models/:id.
import { Changed } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import type { Catalogue } from './catalogue.ts';

export const deleteThing = (catalogue: Catalogue) =>
  operation({
    method: 'DELETE',
    url: `/${catalogue.path}/:id`,
    summary: `Delete a ${catalogue.noun}; jobs that pinned a version keep it`,
    access: 'user',
    schema: { params: IdPath, response: Changed },
    handler: ({ call, params }) => call(catalogue.rpc.delete, params),
  });
